// Cross-entropy over a vocabulary that arrives in chunks of logits; the full logits never exist.
//
//   fold       logits (M,stride), targets (M)         -> state (M)     one workgroup a row
//   gradient   logits (M,stride), targets (M), state  -> logits        in place, one lane a quad
//   finish     state (all M), targets (all M)         -> report        one workgroup in all
//
// `state` is (largest logit, Σ exp(logit − largest), logit of the target, id of the largest logit). fold merges a
// chunk of `outs` ids from `first_out` on; gradient turns the chunk into d loss / d logits and the columns between
// outs and stride into 0:  scale·(exp(logit − largest) / Σ − [id = target]), and where the logits are capped times the
// slope of the cap, 1 − (logit/cap)².
// finish adds Σ (largest + log Σ − target logit), the number of rows whose largest logit is the target (the lowest
// id wins a tie) and the number of rows to report[0..2], which it clears first when `reset`.
//
// Needs: reduce.wgsl. Source: Milakov & Gimelshein 2018, https://arxiv.org/abs/1805.02867
// Reference: src/ops/cross-entropy.ref.ts; test: src/ops/cross-entropy.check.ts.

const WORKGROUP_SIZE: u32 = 64; // power of two
const LOWEST: f32 = -3.0e38;

struct Dims {
  rows: u32, first_row: u32, // rows of this launch, and the row of targets and state that logits row 0 belongs to
  outs: u32, first_out: u32, stride: u32,
  reset: u32, // fold: start a new state; finish: clear the report
  scale: f32,
  cap: f32, // of the logits; 0: none
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> targets: array<u32>;            // (all M)

// fold
@group(0) @binding(2) var<storage, read> logits: array<f32>;             // (M,stride)
@group(0) @binding(3) var<storage, read_write> state: array<vec4f>;      // (all M)

// gradient
@group(0) @binding(2) var<storage, read> final_state: array<vec4f>;      // (all M)
@group(0) @binding(3) var<storage, read_write> dlogits: array<vec4f>;    // (M,stride), logits before

// finish
@group(0) @binding(3) var<storage, read_write> report: array<f32>;       // (8): loss sum, correct, rows, …

var<workgroup> best_value: array<f32, WORKGROUP_SIZE>;
var<workgroup> best_id: array<u32, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn fold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= dims.rows) { return; }
  let base = row * dims.stride;
  let place = dims.first_row + row;

  var value = LOWEST;
  var id = 0u;
  for (var o = lane; o < dims.outs; o += WORKGROUP_SIZE) {
    let logit = logits[base + o];
    if (logit > value) { value = logit; id = o; }
  }
  best_value[lane] = value;
  best_id[lane] = id;
  workgroupBarrier();
  for (var half = WORKGROUP_SIZE / 2; half > 0; half /= 2) {
    if (lane < half) {
      let other = lane + half;
      let better = best_value[other] > best_value[lane] ||
        (best_value[other] == best_value[lane] && best_id[other] < best_id[lane]);
      if (better) { best_value[lane] = best_value[other]; best_id[lane] = best_id[other]; }
    }
    workgroupBarrier();
  }
  let chunk_largest = best_value[0];

  var sum = 0.0;
  for (var o = lane; o < dims.outs; o += WORKGROUP_SIZE) {
    sum += exp(logits[base + o] - chunk_largest);
  }
  let chunk_sum = workgroup_sum(sum, lane);
  if (lane != 0) { return; }

  var merged = vec4f(chunk_largest, chunk_sum, 0.0, f32(dims.first_out + best_id[0]));
  if (dims.reset == 0) {
    let before = state[place];
    let largest = max(before.x, chunk_largest);
    merged.y = before.y * exp(before.x - largest) + chunk_sum * exp(chunk_largest - largest);
    if (before.x >= chunk_largest) { merged.w = before.w; }
    merged.x = largest;
    merged.z = before.z;
  }
  let target_out = targets[place] - dims.first_out; // wraps below the chunk
  if (target_out < dims.outs) { merged.z = logits[base + target_out]; }
  state[place] = merged;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = dims.stride / 4;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.rows * quads) { return; }
  let place = dims.first_row + i / quads;
  let whole = final_state[place];
  let ids = vec4u(0, 1, 2, 3) + (i % quads) * 4;
  let hit = select(vec4f(), vec4f(1.0), ids == vec4u(targets[place] - dims.first_out));
  let logits_here = dlogits[i];
  let share = exp(min(logits_here - whole.x, vec4f())) / whole.y;
  var slope = vec4f(dims.scale);
  if (dims.cap != 0.0) { slope *= 1.0 - (logits_here / dims.cap) * (logits_here / dims.cap); }
  dlogits[i] = select(vec4f(), slope * (share - hit), ids < vec4u(dims.outs));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn finish(@builtin(local_invocation_index) lane: u32) {
  var loss = 0.0;
  var correct = 0.0;
  for (var m = lane; m < dims.rows; m += WORKGROUP_SIZE) {
    let whole = final_state[m];
    loss += (whole.x - whole.z) + log(whole.y); // in this order a sure and right row loses no digits
    if (u32(whole.w) == targets[m]) { correct += 1.0; }
  }
  let loss_sum = workgroup_sum(loss, lane);
  let correct_sum = workgroup_sum(correct, lane);
  if (lane != 0) { return; }
  var before = vec3f(report[0], report[1], report[2]);
  if (dims.reset != 0) { before = vec3f(); }
  report[0] = before.x + loss_sum;
  report[1] = before.y + correct_sum;
  report[2] = before.z + f32(dims.rows);
}
