// Embedding gather from a table that may be split by rows into several buffers: y[n] = scale·weight[token[n]]
//
//   forward   tokens (N), weight (part of V, C)  -> y (N,C)   one lane a column quad of a token
//
// A launch covers one part of the table and writes only the tokens that lie in it; every token lies in one part.
// Needs: one of weights/*.wgsl (load_weight4). Reference: src/ops/embedding.ref.ts; test: src/ops/embedding.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims { rows: u32, cols: u32, first_token: u32, part_tokens: u32, scale: f32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> tokens: array<u32>;        // (N)
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;     // (N,C)

@compute @workgroup_size(WORKGROUP_SIZE)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = dims.cols / 4;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.rows * quads) { return; }
  let token = tokens[i / quads] - dims.first_token; // wraps below the part, so one comparison is enough
  if (token >= dims.part_tokens) { return; }
  y[i] = load_weight4(token * quads + i % quads) * dims.scale;
}
