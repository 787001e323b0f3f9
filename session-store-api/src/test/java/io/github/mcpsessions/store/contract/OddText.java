package io.github.mcpsessions.store.contract;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Texts that break careless encodings. */
final class OddText {

    /** Short texts, each with its own way of going wrong; the name says which. */
    static final Map<String, String> SAMPLES = samples();

    private OddText() {}

    /** {@return every character from U+0000 to U+FFFF but the surrogates, in order, in texts of 4,096} */
    static List<String> everyCharacter() {
        List<String> texts = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (int c = 0; c <= 0xFFFF; c++) {
            if (!Character.isSurrogate((char) c)) {
                text.append((char) c);
            }
            if (text.length() == 4096 || c == 0xFFFF) {
                texts.add(text.toString());
                text.setLength(0);
            }
        }
        return texts;
    }

    private static Map<String, String> samples() {
        Map<String, String> samples = new LinkedHashMap<>();
        samples.put("NUL", "a\0b");
        samples.put("only NUL", "\0");
        samples.put("line ends", "a\rb\nc\r\nd\u0085e\u2028f\u2029g\n");
        samples.put("lone controls", "\u0001\u0007\b\u001b[31m\u007f\u0080\u009f");
        samples.put("quotes and backslashes", "\"'`\\\"\\\\ \\u0000 \\n");
        samples.put("JSON", "{\"a\":[null,1e400,\"}\"]}");
        samples.put("braces and colons", "{a}:{b}:attr:x:sub:y");
        samples.put("blanks at the ends", " \t a \t ");
        samples.put("emoji", "\uD83D\uDE00 \uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67 \uD83C\uDDE9\uD83C\uDDEA");
        samples.put("last code point", "\uDBFF\uDFFF");
        samples.put("non-characters", "\uFFFE\uFFFF\uFEFF");
        samples.put("combining and right to left", "e\u0301 \u202Eabc\u202C \u05D0\u0627");
        samples.put("number", "0012");
        samples.put("large number", "9007199254740993");
        samples.put("word", "null");
        return samples;
    }
}
