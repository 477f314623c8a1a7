// Frozen weights in IEEE half: four values are two u32, low half first. unpack2x16float is core WGSL, so this needs
// no shader-f16. A snippet: appended to a matmul or embedding file.

@group(0) @binding(2) var<storage, read> weight: array<vec2u>;

fn load_weight4(index4: u32) -> vec4f {
  let pair = weight[index4];
  return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
