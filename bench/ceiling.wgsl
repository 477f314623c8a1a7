// The multiply-add ceiling of an adapter: chains of multiply-adds in registers that depend on nothing but themselves.
// No memory is touched but one store an invocation. Four forms, since compilers differ in what they make of them;
// the best one counts.
//
//   vector_fma_4, vector_fma_8   4 or 8 chains of vec4, fma()
//   vector_mad_4                 4 chains of vec4, a·m + c
//   scalar_fma_12                12 chains of f32, fma()
//
// Four steps a turn of the loop, so that counting turns costs little; an invocation does STEPS·12, STEPS·16 or STEPS·32
// multiply-adds (see ceiling.ts). m is below 1 in size, so no chain overflows; m and c come from memory, so nothing can
// be computed ahead; every chain and component starts elsewhere, so none can be computed once for several.

const STEPS: u32 = 1024;

struct Dims { groups: u32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> seeds: array<vec4f>;            // (1): m, c
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;       // (invocations)

@compute @workgroup_size(64)
fn vector_fma_4(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4f(seeds[0].x); let c = vec4f(seeds[0].y);
  var a0 = f32(id.x) + vec4f(0.1, 0.2, 0.3, 0.4); var a1 = a0 + 1.0; var a2 = a0 + 2.0; var a3 = a0 + 3.0;
  for (var i = 0u; i < STEPS; i += 4) {
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
  }
  store(id.x, a0 + a1 + a2 + a3);
}

@compute @workgroup_size(64)
fn vector_fma_8(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4f(seeds[0].x); let c = vec4f(seeds[0].y);
  var a0 = f32(id.x) + vec4f(0.1, 0.2, 0.3, 0.4); var a1 = a0 + 1.0; var a2 = a0 + 2.0; var a3 = a0 + 3.0;
  var a4 = a0 + 4.0; var a5 = a0 + 5.0; var a6 = a0 + 6.0; var a7 = a0 + 7.0;
  for (var i = 0u; i < STEPS; i += 4) {
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
  }
  store(id.x, a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7);
}

@compute @workgroup_size(64)
fn vector_mad_4(@builtin(global_invocation_id) id: vec3u) {
  let m = vec4f(seeds[0].x); let c = vec4f(seeds[0].y);
  var a0 = f32(id.x) + vec4f(0.1, 0.2, 0.3, 0.4); var a1 = a0 + 1.0; var a2 = a0 + 2.0; var a3 = a0 + 3.0;
  for (var i = 0u; i < STEPS; i += 4) {
    a0 = a0 * m + c; a1 = a1 * m + c; a2 = a2 * m + c; a3 = a3 * m + c;
    a0 = a0 * m + c; a1 = a1 * m + c; a2 = a2 * m + c; a3 = a3 * m + c;
    a0 = a0 * m + c; a1 = a1 * m + c; a2 = a2 * m + c; a3 = a3 * m + c;
    a0 = a0 * m + c; a1 = a1 * m + c; a2 = a2 * m + c; a3 = a3 * m + c;
  }
  store(id.x, a0 + a1 + a2 + a3);
}

@compute @workgroup_size(64)
fn scalar_fma_12(@builtin(global_invocation_id) id: vec3u) {
  let m = seeds[0].x; let c = seeds[0].y;
  var a0 = f32(id.x); var a1 = a0 + 1.0; var a2 = a0 + 2.0; var a3 = a0 + 3.0;
  var a4 = a0 + 4.0; var a5 = a0 + 5.0; var a6 = a0 + 6.0; var a7 = a0 + 7.0;
  var a8 = a0 + 8.0; var a9 = a0 + 9.0; var b0 = a0 + 10.0; var b1 = a0 + 11.0;
  for (var i = 0u; i < STEPS; i += 4) {
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
    a8 = fma(a8, m, c); a9 = fma(a9, m, c); b0 = fma(b0, m, c); b1 = fma(b1, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
    a8 = fma(a8, m, c); a9 = fma(a9, m, c); b0 = fma(b0, m, c); b1 = fma(b1, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
    a8 = fma(a8, m, c); a9 = fma(a9, m, c); b0 = fma(b0, m, c); b1 = fma(b1, m, c);
    a0 = fma(a0, m, c); a1 = fma(a1, m, c); a2 = fma(a2, m, c); a3 = fma(a3, m, c);
    a4 = fma(a4, m, c); a5 = fma(a5, m, c); a6 = fma(a6, m, c); a7 = fma(a7, m, c);
    a8 = fma(a8, m, c); a9 = fma(a9, m, c); b0 = fma(b0, m, c); b1 = fma(b1, m, c);
  }
  store(id.x, vec4f(a0 + a1 + a2 + a3, a4 + a5 + a6 + a7, a8 + a9, b0 + b1));
}

fn store(at: u32, sum: vec4f) {
  if (at < dims.groups * 64) { sums[at] = sum; }
}
