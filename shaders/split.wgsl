// Parts of the rows of a fused projection, as tensors of their own, and back. Head h of a part begins at element
// first + h·pitch of a row and has D elements; what is fused by head and what is fused in blocks differ in pitch alone.
//
//   forward    x (N,W)            -> y (N,heads,D)   one lane a quad of y
//   backward   dy (N,heads,D)     -> dx (N,W)        one lane a quad of dy   [+= when accumulate]
//
// The parts of one x cover it and do not overlap, so each writes its own elements of dx. All sizes count quads.
// Reference and test: src/ops/split.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims { quads: u32, row: u32, part_row: u32, first: u32, pitch: u32, size: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> dims: Dims;

// forward
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // (N,W)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;   // (N,heads,D)

// backward
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;        // (N,heads,D)
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;  // (N,W)

@compute @workgroup_size(WORKGROUP_SIZE)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  y[i] = x[place(i)];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  var value = dy[i];
  if (dims.accumulate != 0) { value += dx[place(i)]; }
  dx[place(i)] = value;
}

// Where quad i of the part lies in x.
fn place(i: u32) -> u32 {
  let within = i % dims.part_row;
  return (i / dims.part_row) * dims.row + dims.first + (within / dims.size) * dims.pitch + within % dims.size;
}
