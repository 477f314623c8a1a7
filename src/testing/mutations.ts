// Deliberate faults in kernels, each a text edit of one shader, and the check that must notice it. They show that the
// checks can fail for the reasons that kernels fail: a dropped term, a missing bound, a wrong stride, `=` for `+=`.
// mutations.gpu.test.ts applies them one at a time.

export interface Mutation {
  /** What is wrong, as a noun. */
  readonly name: string;
  /** Shader in shaders/. */
  readonly file: string;
  /** Text that stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Beginning of the name of the check that must go red; of several such checks, the first. */
  readonly caughtBy: string;
}

export const mutations: readonly Mutation[] = [
  {
    name: "dropped mean term in the gradient of RMSNorm",
    file: "rms-norm.wgsl",
    find: "s * (w[c] * dy[base + c] - x[base + c] * k)",
    replace: "s * (w[c] * dy[base + c])",
    caughtBy: "rms-norm of 65×132 with 4 lanes",
  },
  {
    name: "written instead of accumulated norm weight gradient",
    file: "rms-norm.wgsl",
    find: "dw[c] += sum;",
    replace: "dw[c] = sum;",
    caughtBy: "rms-norm of 65×132 with 4 lanes",
  },
  {
    name: "ignored accumulate flag in the gradient of RMSNorm",
    file: "rms-norm.wgsl",
    find: "if (dims.accumulate != 0) { value += dx[base + c]; }",
    replace: "",
    caughtBy: "gradients of two residual blocks",
  },
  {
    name: "row counted along x alone where a grid folds",
    file: "rms-norm.wgsl",
    find: `let row = group.y * groups.x + group.x;
  if (row >= dims.rows) { return; }
  let quads = dims.cols / 4;
  let base = row * quads;
  var sum = 0.0;
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    let v`,
    replace: `let row = group.x;
  if (row >= dims.rows) { return; }
  let quads = dims.cols / 4;
  let base = row * quads;
  var sum = 0.0;
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    let v`,
    caughtBy: "rms-norm of 65×132 with 4 lanes",
  },
  {
    name: "last round of the sum across lanes left out",
    file: "reduce.wgsl",
    find: "half > 0",
    replace: "half > 1",
    caughtBy: "rms-norm of 65×132 with 4 lanes",
  },
  {
    name: "missing row bound of the product",
    file: "matmul-registers.wgsl",
    find: `fn store_y(row: u32, col: u32, left: vec4f, right: vec4f) {
  if (row >= dims.rows) { return; }`,
    replace: "fn store_y(row: u32, col: u32, left: vec4f, right: vec4f) {",
    caughtBy: "linear 7×20→68",
  },
  {
    name: "written instead of accumulated weight gradient",
    file: "matmul-registers.wgsl",
    find: "dw[at] += left * dims.scale;",
    replace: "dw[at] = left * dims.scale;",
    caughtBy: "linear 65×68→132 in bf16",
  },
  {
    name: "ignored first tile where a launch is cut",
    file: "matmul-registers.wgsl",
    find: `fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = ((group.y + dims.first_tile) * WORKGROUP_ROWS + local.y) * 8;`,
    replace: `fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = ((group.y + dims.first_tile * 0) * WORKGROUP_ROWS + local.y) * 8;`,
    caughtBy: "cross-entropy cut into pieces",
  },
  {
    name: "missing row bound of a shared tile",
    file: "matmul-shared.wgsl",
    find: "if (row >= dims.rows || o4 >= dims.stride / 4) { return vec4f(); }",
    replace: "if (o4 >= dims.stride / 4) { return vec4f(); }",
    caughtBy: "matmul from shared with f32",
  },
  {
    name: "missing scale of the vector product",
    file: "matmul-vector.wgsl",
    find: "var value = total * dims.scale;",
    replace: "var value = total;",
    caughtBy: "matmul of so few rows",
  },
  {
    name: "swapped halves of packed bf16",
    file: "weights/bf16.wgsl",
    find: "vec4u(pair.x << 16u, pair.x & 0xffff0000u,",
    replace: "vec4u(pair.x & 0xffff0000u, pair.x << 16u,",
    caughtBy: "embedding of 65 tokens from 300×20 in bf16",
  },
  {
    name: "ignored first row of a part of the table",
    file: "embedding.wgsl",
    find: "tokens[i / quads] - dims.first_token",
    replace: "tokens[i / quads]",
    caughtBy: "embedding of 65 tokens from 300×20 in f32",
  },
  {
    name: "wrong sign of the rotation backwards",
    file: "rope.wgsl",
    find: "let s = turn.y * dims.direction;",
    replace: "let s = turn.y;",
    caughtBy: "rope of 7 tokens",
  },
  {
    name: "wrong head stride in rope",
    file: "rope.wgsl",
    find: "let row = head / dims.heads;",
    replace: "let row = head / (dims.heads + 1);",
    caughtBy: "rope of 7 tokens",
  },
  {
    name: "elements beyond the rotary part not copied",
    file: "rope.wgsl",
    find: "if (i < dims.half_rotated) {",
    replace: "if (i >= dims.half_rotated) { return; } else {",
    caughtBy: "rope of 36 tokens in 2 documents, 3 heads of 64, 16 of them",
  },
  {
    name: "neighbouring pairs taken for halves",
    file: "rope.wgsl",
    find: "if (dims.interleaved == 0) { a = i; b = i + dims.half_rotated; }",
    replace: "a = i; b = i + dims.half_rotated;",
    caughtBy: "rope of 13 tokens in 2 documents, 3 heads of 20, 20 of them in",
  },
  {
    name: "pitch of the heads taken for their size in a split",
    file: "split.wgsl",
    find: "(within / dims.size) * dims.pitch",
    replace: "(within / dims.size) * dims.size",
    caughtBy: "split of 65 rows by head",
  },
  {
    name: "query heads dealt to key heads in turn, not in groups",
    file: "attention.wgsl",
    find: `fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x + dims.first_block) * BLOCK;
  let head = group.y;
  let kv_head = head / (dims.heads / dims.kv_heads);`,
    replace: `fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x + dims.first_block) * BLOCK;
  let head = group.y;
  let kv_head = head % dims.kv_heads;`,
    caughtBy: "attention of 4 heads over 2 of 8",
  },
  {
    name: "only the first head of a group in the key gradient",
    file: "attention.wgsl",
    find: "let head = kv_head * group_heads + g;",
    replace: "let head = kv_head * group_heads;",
    caughtBy: "attention of 4 heads over 2 of 8",
  },
  {
    name: "causal bound off by one",
    file: "attention.wgsl",
    find: "key <= query && key >= first_key(query)",
    replace: "key <= query + 1 && key >= first_key(query)",
    caughtBy: "attention of 4 heads over 2 of 8",
  },
  {
    name: "ignored start of the document in the backward pass",
    file: "attention.wgsl",
    find: "key > query || key < first_key(query)",
    replace: "key > query",
    caughtBy: "attention of 4 heads over 2 of 8",
  },
  {
    name: "document's end taken from the block's first key",
    file: "attention.wgsl",
    find: "segments[last].y",
    replace: "segments[first].y",
    caughtBy: "attention of 4 heads over 2 of 8",
  },
  {
    name: "missing scale of the key gradient",
    file: "attention.wgsl",
    find: "dk[at] = dims.scale * sum_k[x];",
    replace: "dk[at] = sum_k[x];",
    caughtBy: "attention of 4 heads over 2 of 8",
  },
  {
    name: "earlier sum not shrunk to the new largest score",
    file: "attention.wgsl",
    find: "sum *= shrink;",
    replace: "",
    caughtBy: "attention of 4 heads over 2 of 8",
  },
  {
    name: "window one key too wide",
    file: "attention.wgsl",
    find: "query + 1 - min(dims.window, query + 1)",
    replace: "query - min(dims.window, query)",
    caughtBy: "attention of 4 heads over 2 of 8, documents of 5, 1, 17, 42 tokens within a window of 3",
  },
  {
    name: "queries at the end of the window left out of the key gradient",
    file: "attention.wgsl",
    find: "last + min(dims.window, dims.rows)",
    replace: "first + min(dims.window, dims.rows)",
    caughtBy: "attention of 3 heads over 1 of 8, documents of 70 tokens within a window of 21",
  },
  {
    name: "missing derivative of the cap",
    file: "attention.wgsl",
    find: "if (dims.cap != 0.0) { ds *= 1.0 - (s / dims.cap) * (s / dims.cap); }",
    replace: "",
    caughtBy: "attention of 4 heads over 2 of 8, documents of 5, 1, 17, 42 tokens and scores capped at 2",
  },
  {
    name: "ignored window in the cache",
    file: "attention-decode.wgsl",
    find: "var key = oldest + lane;",
    replace: "var key = lane;",
    caughtBy: "attention of 3 new queries over 60 cached keys",
  },
  {
    name: "the query itself not seen in the cache",
    file: "attention-decode.wgsl",
    find: "key <= dims.past + group.x",
    replace: "key < dims.past + group.x",
    caughtBy: "attention of 5 new queries",
  },
  {
    name: "wrong derivative of the gate",
    file: "activation.wgsl",
    find: "(1.0 + g * (1.0 - s))",
    replace: "(1.0 + g * s)",
    caughtBy: "gated MLP of 7×20",
  },
  {
    name: "cube left out of the slope of gelu's tanh form",
    file: "activation.wgsl",
    find: "(1.0 + 3.0 * CUBE * c * c)",
    replace: "(1.0 + CUBE * c * c)",
    caughtBy: "GeGLU of 7×20",
  },
  {
    name: "density left out of the slope of gelu",
    file: "activation.wgsl",
    find: " + c * exp(-0.5 * c * c) * 0.3989422804",
    replace: "",
    caughtBy: "gelu of 65×132",
  },
  {
    name: "one coefficient of erf off in its second digit",
    file: "activation.wgsl",
    find: "3.404879937665872e-1",
    replace: "3.504879937665872e-1",
    caughtBy: "gelu of 65×132",
  },
  {
    name: "dropped mean in the gradient of LayerNorm",
    file: "layer-norm.wgsl",
    find: "w[c] * dy[base + c] - mean_g - n * mean_gn",
    replace: "w[c] * dy[base + c] - n * mean_gn",
    caughtBy: "layer-norm of 65×132 with 4 lanes",
  },
  {
    name: "ignored accumulate flag in the gradient of LayerNorm",
    file: "layer-norm.wgsl",
    find: "if (dims.accumulate != 0) { value += dx[base + c]; }",
    replace: "",
    caughtBy: "layer-norm of 65×132 with 4 lanes",
  },
  {
    name: "variance about 0 instead of the mean",
    file: "layer-norm.wgsl",
    find: "let v = x[base + c] - mean;",
    replace: "let v = x[base + c];",
    caughtBy: "layer-norm of 65×132 with 4 lanes",
  },
  {
    name: "largest logit not subtracted before exp",
    file: "cross-entropy.wgsl",
    find: "let chunk_largest = best_value[0];",
    replace: "let chunk_largest = 0.0 * best_value[0];",
    caughtBy: "cross-entropy of logits of hundreds",
  },
  {
    name: "softmax of an earlier chunk not brought to the new largest logit",
    file: "cross-entropy.wgsl",
    find: "before.y * exp(before.x - largest)",
    replace: "before.y",
    caughtBy: "cross-entropy in chunks of tokens",
  },
  {
    name: "cap of logits left out",
    file: "cap.wgsl",
    find: "y[i] = dims.cap * tanh4(y[i] / dims.cap);",
    replace: "y[i] = y[i] * dims.cap / dims.cap;",
    caughtBy: "cross-entropy with capped logits",
  },
  {
    name: "series of tanh used everywhere",
    file: "tanh.wgsl",
    find: "abs(a) < vec4f(0.625)",
    replace: "abs(a) < vec4f(1e9)",
    caughtBy: "cross-entropy with capped logits",
  },
  {
    name: "scale of the embedding left out",
    file: "embedding.wgsl",
    find: "* dims.scale;",
    replace: "* (dims.scale / dims.scale);",
    caughtBy: "embedding of 7 tokens scaled",
  },
  {
    name: "missing slope of capped logits",
    file: "cross-entropy.wgsl",
    find: "if (dims.cap != 0.0) { slope *= 1.0 - (logits_here / dims.cap) * (logits_here / dims.cap); }",
    replace: "",
    caughtBy: "cross-entropy with capped logits",
  },
  {
    name: "highest of equally likely ids counted",
    file: "cross-entropy.wgsl",
    find: "if (before.x >= chunk_largest) { merged.w = before.w; }",
    replace: "if (before.x > chunk_largest) { merged.w = before.w; }",
    caughtBy: "cross-entropy counts the lowest",
  },
  {
    name: "report cleared in every micro-step",
    file: "cross-entropy.wgsl",
    find: "if (dims.reset != 0) { before = vec3f(); }",
    replace: "before = vec3f();",
    caughtBy: "cross-entropy added to an earlier",
  },
  {
    name: "gradient scattered without its slot",
    file: "gather.wgsl",
    find: "dx[i] = dy[slot * quads + i % quads];",
    replace: "dx[i] = dy[i];",
    caughtBy: "cross-entropy in chunks of tokens",
  },
  {
    name: "one word of the generator for every column quad",
    file: "dropout.wgsl",
    find: "vec4u(i / quads, i % quads, dims.stream, dims.seed)",
    replace: "vec4u(i / quads, 0u, dims.stream, dims.seed)",
    caughtBy: "dropout 0.1 of 7×20",
  },
  {
    name: "missing bound of a copy",
    file: "elementwise.wgsl",
    find: "if (i >= dims.quads) { return; }\n  var value = a[i];",
    replace: "var value = a[i];",
    caughtBy: "add and copy of 7×20",
  },
  {
    name: "blocks of the gradient norm that overlap",
    file: "gradient-norm.wgsl",
    find: "min((block + 1) * BLOCK_QUADS, dims.quads)",
    replace: "min((block + 2) * BLOCK_QUADS, dims.quads)",
    caughtBy: "three steps of AdamW clipped",
  },
  {
    name: "NaN that is not noticed",
    file: "gradient-norm.wgsl",
    find: "total_bad > 0.0 || ",
    replace: "",
    caughtBy: "three steps of AdamW with a NaN",
  },
  {
    name: "ignored clip factor",
    file: "adamw.wgsl",
    find: "let gradient = g[i] * report[4];",
    replace: "let gradient = g[i];",
    caughtBy: "three steps of AdamW clipped",
  },
  {
    name: "missing bias correction of the second moment",
    file: "adamw.wgsl",
    find: "sqrt(moment2) / dims.root_correction",
    replace: "sqrt(moment2)",
    caughtBy: "three steps of AdamW without clipping",
  },
  {
    name: "weight decay after the update",
    file: "adamw.wgsl",
    find: "p[i] = p[i] * dims.decay - dims.step_size * moment1 / (sqrt(moment2) / dims.root_correction + dims.epsilon);",
    replace:
      "p[i] = (p[i] - dims.step_size * moment1 / (sqrt(moment2) / dims.root_correction + dims.epsilon)) * dims.decay;",
    caughtBy: "three steps of AdamW without clipping",
  },
  {
    name: "parameters updated from a gradient that is not finite",
    file: "adamw.wgsl",
    find: "if (report[5] != 0.0) { return; }",
    replace: "",
    caughtBy: "three steps of AdamW with an infinite",
  },
  {
    name: "gradient not cleared after a step that is not finite",
    file: "adamw.wgsl",
    find: "g[i] = vec4f();\n  if (report[5] != 0.0) { return; }",
    replace: "if (report[5] != 0.0) { return; }\n  g[i] = vec4f();",
    caughtBy: "three steps of AdamW with a NaN",
  },
];
