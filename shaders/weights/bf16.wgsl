// Frozen weights in bfloat16: four values are two u32, low half first. A bf16 is the upper half of an f32.
// A snippet: appended to a matmul or embedding file.

@group(0) @binding(2) var<storage, read> weight: array<vec2u>;

fn load_weight4(index4: u32) -> vec4f {
  let pair = weight[index4];
  return bitcast<vec4f>(vec4u(pair.x << 16u, pair.x & 0xffff0000u, pair.y << 16u, pair.y & 0xffff0000u));
}
