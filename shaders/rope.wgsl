// Rotary position embedding, half-split pairs as in Llama: for i < D/2 and angle(p, i) = p·frequency(i)
//
//   y[i]       = x[i]·cos − x[i + D/2]·sin
//   y[i + D/2] = x[i + D/2]·cos + x[i]·sin
//
//   rotate   x (N,heads,D), positions (N), table (P,D/2) of (cos, sin)  -> y   one lane a pair
//
// direction +1 rotates forward, −1 back: the gradient of a rotation is the inverse rotation. `first_row` is the row
// of y that row 0 of x goes to (a place in the key cache). The table is made on the CPU, since WGSL's sin and cos
// are only exact to 2^-11. Source: Su et al. 2021, https://arxiv.org/abs/2104.09864
// Reference: src/ops/rope.ref.ts; test: src/ops/rope.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims { rows: u32, heads: u32, half_size: u32, first_row: u32, direction: f32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // (N,heads,D)
@group(0) @binding(2) var<storage, read> positions: array<u32>;   // (N)
@group(0) @binding(3) var<storage, read> table: array<vec2f>;     // (P,D/2)
@group(0) @binding(4) var<storage, read_write> y: array<f32>;     // (first_row + N,heads,D)

@compute @workgroup_size(WORKGROUP_SIZE)
fn rotate(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  let head = index / dims.half_size; // counted over all rows
  let row = head / dims.heads;
  if (row >= dims.rows) { return; }
  let i = index % dims.half_size;
  let turn = table[positions[row] * dims.half_size + i];
  let s = turn.y * dims.direction;
  let a = head * 2 * dims.half_size + i;
  let low = x[a];
  let high = x[a + dims.half_size];
  let b = a + dims.first_row * dims.heads * 2 * dims.half_size;
  y[b] = low * turn.x - high * s;
  y[b + dims.half_size] = high * turn.x + low * s;
}
