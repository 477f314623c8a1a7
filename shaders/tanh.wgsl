// tanh to the last digits of f32. A snippet: appended to a kernel file. WGSL's own tanh may be off by 1e-5 near 0 and may
// overflow far from it.
//
//   |a| < 5/8   a + a³·P(a²)        else   ±(1 − 2 / (e^2|a| + 1)), which is 1 in f32 from 10 on
//
// Source of P: Cephes tanhf, S. Moshier, https://netlib.org/cephes/ Test: src/ops/gated-mlp.check.ts.

fn tanh4(a: vec4f) -> vec4f {
  let square = a * a;
  let series = (((-5.70498872745e-3 * square + 2.06390887954e-2) * square - 5.37397155531e-2) * square + 1.33314422036e-1) * square - 3.33332819422e-1;
  let far = 1.0 - 2.0 / (exp(2.0 * min(abs(a), vec4f(10.0))) + 1.0);
  return select(sign(a) * far, a + a * square * series, abs(a) < vec4f(0.625));
}
