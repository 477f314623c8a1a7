// Frozen or trainable weights in f32: four values are one vec4. A snippet: appended to a matmul or embedding file.

@group(0) @binding(2) var<storage, read> weight: array<vec4f>;

fn load_weight4(index4: u32) -> vec4f {
  return weight[index4];
}
