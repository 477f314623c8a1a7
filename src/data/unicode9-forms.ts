// Unicode's normal forms as the Rust tokenizers library has them: by the tables of Unicode 9.0 (its crate
// unicode-normalization-alignments). Marks and letters that Unicode got later are plain characters there: nothing is
// reordered, composed or decomposed across them. The list was found by asking both libraries about every code point,
// alone and between marks, JavaScript with the tables of Unicode 17.

export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Reordered, composed or decomposed by Unicode 17, left alone by Unicode 9. */
const later =
  /([\u07fd\u0897-\u089f\u08ca-\u08d3\u09fe\u0c3c\u0d3b\u0d3c\u0eba\u1715\u1abf-\u1add\u1ae0-\u1aeb\u1df6-\u1dfa\u32ff\ua7f1-\ua7f4\ua82c\uab69\u{105c9}\u{105d2}\u{105da}\u{105e4}\u{10781}-\u{10785}\u{10787}-\u{107b0}\u{107b2}-\u{107ba}\u{10d24}-\u{10d27}\u{10d69}-\u{10d6d}\u{10eab}\u{10eac}\u{10efa}-\u{10eff}\u{10f46}-\u{10f50}\u{10f82}-\u{10f85}\u{11070}\u{1133b}\u{11382}-\u{11391}\u{113b8}-\u{113d0}\u{1145e}\u{11839}\u{1183a}\u{11930}-\u{1193e}\u{11943}\u{119e0}\u{11a34}\u{11a47}\u{11a99}\u{11d42}-\u{11d45}\u{11d97}\u{11f41}\u{11f42}\u{1611e}-\u{1612f}\u{16d63}-\u{16d6a}\u{16ff0}\u{16ff1}\u{1ccd6}-\u{1ccf9}\u{1e030}-\u{1e06d}\u{1e08f}\u{1e130}-\u{1e136}\u{1e2ae}\u{1e2ec}-\u{1e2ef}\u{1e4ec}-\u{1e4ef}\u{1e5ee}\u{1e5ef}\u{1e6e3}\u{1e6e6}\u{1e6ee}\u{1e6ef}\u{1e6f5}\u{1f16c}\u{1fbf0}-\u{1fbf9}])/u;

export function unicode9Form(text: string, form: NormalForm): string {
  return later.test(text)
    ? text
        .split(later)
        .map((part) => (later.test(part) ? part : part.normalize(form)))
        .join("")
    : text.normalize(form);
}
