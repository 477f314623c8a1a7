// Rotary position embedding of the first R elements of a head; the others are copied. For i < R/2, a pair (a, b) and
// angle(p, i) = p·frequency(i)
//
//   y[a] = x[a]·cos − x[b]·sin        a, b = i, i + R/2   half-split as in Llama
//   y[b] = x[b]·cos + x[a]·sin        a, b = 2i, 2i + 1   interleaved as in GPT-J
//
//   rotate   x (N,heads,D), positions (N), table (P,R/2) of (cos, sin)  -> y   one lane a pair
//
// direction +1 rotates forward, −1 back: the gradient of a rotation is the inverse rotation. `first_row` is the row
// of y that row 0 of x goes to (a place in the key cache). The table is made on the CPU, since WGSL's sin and cos
// are only exact to 2^-11. Source: Su et al. 2021, https://arxiv.org/abs/2104.09864
// Reference: src/ops/rope.ref.ts; test: src/ops/rope.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims {
  rows: u32, heads: u32,
  half_size: u32,    // D / 2
  half_rotated: u32, // R / 2
  interleaved: u32,
  first_row: u32,
  direction: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<f32>;           // (N,heads,D)
@group(0) @binding(2) var<storage, read> positions: array<u32>;   // (N)
@group(0) @binding(3) var<storage, read> table: array<vec2f>;     // (P,R/2)
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
  var a = 2 * i;
  var b = a + 1;
  var turn = vec2f(1.0, 0.0);
  if (i < dims.half_rotated) {
    turn = table[positions[row] * dims.half_rotated + i];
    if (dims.interleaved == 0) { a = i; b = i + dims.half_rotated; }
  }
  let s = turn.y * dims.direction;
  let begin = head * 2 * dims.half_size;
  let low = x[begin + a];
  let high = x[begin + b];
  let out = begin + dims.first_row * dims.heads * 2 * dims.half_size;
  y[out + a] = low * turn.x - high * s;
  y[out + b] = high * turn.x + low * s;
}
