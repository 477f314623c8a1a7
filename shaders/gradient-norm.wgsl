// Global gradient norm, clip factor and non-finite test over one flat buffer, in two launches of fixed order.
//
//   partial_norm   g (count)               -> partials (P)     one workgroup a block of BLOCK_QUADS quads
//   total_norm     partials (P), report[0, 5] -> report[3..5]  one workgroup in all
//
//   norm = √Σg²     clip = min(1, max_norm / (norm + 1e-6)), 1 when max_norm is 0     as torch.nn.utils.clip_grad_norm_
//
// report[3] = norm before clipping, report[4] = clip factor, report[5] = 1 when a gradient, the norm or the loss sum
// in report[0] is not finite. It stays 1 until the report is cleared: steps that were queued behind a broken one, before
// anybody could know, must not move the parameters either. Finiteness is read off the exponent bits: WGSL compilers may
// assume that comparisons never see a NaN. Needs: reduce.wgsl. Reference: src/ops/adamw.ref.ts; test: src/ops/adamw.check.ts.

const WORKGROUP_SIZE: u32 = 64;
const BLOCK_QUADS: u32 = 1024;

struct Dims { quads: u32, partials: u32, max_norm: f32 }

@group(0) @binding(0) var<uniform> dims: Dims;

// partial
@group(0) @binding(1) var<storage, read> g: array<vec4f>;                  // (4·quads)
@group(0) @binding(2) var<storage, read_write> partial_sums: array<vec2f>; // (P): Σg², number of non-finite quads

// total
@group(0) @binding(1) var<storage, read> all_sums: array<vec2f>;           // (P)
@group(0) @binding(2) var<storage, read_write> report: array<f32>;         // (8)

@compute @workgroup_size(WORKGROUP_SIZE)
fn partial_norm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = group.y * groups.x + group.x;
  if (block >= dims.partials) { return; }
  let end = min((block + 1) * BLOCK_QUADS, dims.quads);
  var sum = 0.0;
  var bad = 0.0;
  for (var i = block * BLOCK_QUADS + lane; i < end; i += WORKGROUP_SIZE) {
    let v = g[i];
    if (any((bitcast<vec4u>(v) & vec4u(0x7f800000u)) == vec4u(0x7f800000u))) {
      bad += 1.0;
    } else {
      sum += dot(v, v);
    }
  }
  let total_sum = workgroup_sum(sum, lane);
  let total_bad = workgroup_sum(bad, lane);
  if (lane == 0) { partial_sums[block] = vec2f(total_sum, total_bad); }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn total_norm(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var bad = 0.0;
  for (var i = lane; i < dims.partials; i += WORKGROUP_SIZE) {
    sum += all_sums[i].x;
    bad += all_sums[i].y;
  }
  let square = workgroup_sum(sum, lane);
  let total_bad = workgroup_sum(bad, lane);
  if (lane != 0) { return; }
  let norm = sqrt(square);
  var clip = 1.0;
  if (dims.max_norm > 0.0) { clip = min(1.0, dims.max_norm / (norm + 1e-6)); }
  let broken = report[5] == 1.0 || total_bad > 0.0 || not_finite(square) || not_finite(report[0]);
  report[3] = norm;
  report[4] = clip;
  report[5] = select(0.0, 1.0, broken);
}

fn not_finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u;
}
