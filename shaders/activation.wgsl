// The activation of an MLP and its slope. A snippet: appended to a kernel file together with tanh.wgsl.
//
//   0   silu(g) = g·σ(g)                                slope σ·(1 + g·(1 − σ))
//   1   g/2·(1 + t), t = tanh(√(2/π)·(g + 0.044715·g³))   slope (1 + t)/2 + g/2·(1 − t²)·√(2/π)·(1 + 0.134145·g²)
//   2   g/2·(1 + erf(g/√2))                             slope (1 + erf(g/√2))/2 + g·e^(−g²/2)/√(2π)
//
// No exponential overflows: below −87 σ is no normal f32 and counts as 0, so a gate of any size times σ stays right, and
// t and erf are ±1 in f32 long before 10. Source: Elfwing et al. 2017, https://arxiv.org/abs/1702.03118; Hendrycks &
// Gimpel 2016, https://arxiv.org/abs/1606.08415; erf after Cephes erff, S. Moshier, https://netlib.org/cephes/
// Reference: src/ops/activation.ref.ts; test: src/ops/gated-mlp.check.ts, src/ops/plain-mlp.check.ts.

const ACTIVATION: u32 = 0;
const LOWEST: f32 = -87.0; // e^87 is still finite
const ROOT_2_OVER_PI: f32 = 0.7978845608;
const CUBE: f32 = 0.044715;

fn activation(g: vec4f) -> vec4f {
  if (ACTIVATION == 1) { return 0.5 * g * (1.0 + bend(g)); }
  if (ACTIVATION == 2) { return 0.5 * g * (1.0 + erf4(g * 0.7071067812)); }
  return g * sigmoid(g);
}

fn activation_slope(g: vec4f) -> vec4f {
  let c = clamp(g, vec4f(-13.0), vec4f(13.0)); // beyond it nothing of the second terms is left
  if (ACTIVATION == 1) {
    let t = bend(g);
    return 0.5 * (1.0 + t) + 0.5 * c * (1.0 - t * t) * ROOT_2_OVER_PI * (1.0 + 3.0 * CUBE * c * c);
  }
  if (ACTIVATION == 2) {
    return 0.5 * (1.0 + erf4(g * 0.7071067812)) + c * exp(-0.5 * c * c) * 0.3989422804;
  }
  let s = sigmoid(g);
  return s * (1.0 + g * (1.0 - s));
}

fn sigmoid(v: vec4f) -> vec4f {
  let inside = 1.0 / (1.0 + exp(-clamp(v, vec4f(LOWEST), vec4f(-LOWEST))));
  return select(inside, vec4f(), v < vec4f(LOWEST));
}

fn bend(g: vec4f) -> vec4f {
  let c = clamp(g, vec4f(-13.0), vec4f(13.0));
  return tanh4(ROOT_2_OVER_PI * (c + CUBE * c * c * c));
}

// Within 2e-7: a·T(a²) below 1, else ±(1 − e^−a²/a·P(1/a²)), P in two pieces. (Its names are not those of bindings,
// which the loader finds by name.)
fn erf4(v: vec4f) -> vec4f {
  let a = clamp(v, vec4f(-9.0), vec4f(9.0));
  let square = a * a;
  let near = a * ((((((7.853861353153693e-5 * square - 8.010193625184903e-4) * square + 5.188327685732524e-3) * square
    - 2.685381193529856e-2) * square + 1.128358514861418e-1) * square - 3.761262582423300e-1) * square + 1.128379165726710);
  let inverse = 1.0 / max(abs(a), vec4f(1.0));
  let inverse_square = inverse * inverse;
  let middle = (((((((2.326819970068386e-2 * inverse_square - 1.387039388740657e-1) * inverse_square + 3.687424674597105e-1) * inverse_square
    - 5.824733027278666e-1) * inverse_square + 6.210004621745983e-1) * inverse_square - 4.944515323274145e-1) * inverse_square
    + 3.404879937665872e-1) * inverse_square - 2.741127028184656e-1) * inverse_square + 5.638259427386472e-1;
  let beyond = ((((((-10.47766399936249 * inverse_square + 12.97719955372516) * inverse_square - 7.495518717768503) * inverse_square
    + 2.921019019210786) * inverse_square - 1.015265279202700) * inverse_square + 4.218463358204948e-1) * inverse_square
    - 2.820767439740514e-1) * inverse_square + 5.641895067754075e-1;
  let far = 1.0 - exp(-square) * inverse * select(beyond, middle, inverse > vec4f(0.5));
  return select(sign(a) * far, near, abs(a) < vec4f(1.0));
}
