package repair.guest;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Other values for literals, as source text: of the same kind, of much the same size and look. */
final class Literals {

    private static final String SMALL = "abcdefghiklmnoprstuvw";
    private static final String LARGE = "BCDFGHKLMNPRSTV";
    private static final String DIGITS = "1234567"; // also right where the number is octal

    private Literals() {}

    /** The literal with another value; null for one that has none of its kind. */
    static String other(String literal, Random chance) {
        if (literal.equals("true") || literal.equals("false")) {
            return literal.equals("true") ? "false" : "true";
        }
        char first = literal.charAt(0);
        if (first == '"' || first == '\'') {
            return otherText(literal, chance);
        }
        return Character.isDigit(first) || first == '.' ? otherNumber(literal, chance) : null;
    }

    /** A whole number differs in its last digit, another in its first, which is more than any tolerance. */
    private static String otherNumber(String literal, Random chance) {
        String plain = literal.toLowerCase();
        boolean hexadecimal = plain.startsWith("0x");
        boolean binary = plain.startsWith("0b");
        boolean whole = hexadecimal || binary || !plain.matches(".*[.edf].*");
        List<Integer> places = new ArrayList<>();
        for (int at = hexadecimal || binary ? 2 : 0; at < literal.length(); at++) {
            if (Character.digit(literal.charAt(at), hexadecimal ? 16 : 10) >= 0) {
                places.add(at);
            }
        }
        int at = places.get(whole ? places.size() - 1 : 0);
        return replaced(literal, at, binary ? "01" : DIGITS, chance);
    }

    private static String otherText(String literal, Random chance) {
        List<Integer> places = new ArrayList<>();
        for (int at = 1; at < literal.length() - 1; at++) {
            char letter = literal.charAt(at);
            if (letter == '\\') {
                at += escaped(literal, at + 1);
            } else if (letter < 128 && Character.isLetterOrDigit(letter)) {
                places.add(at);
            }
        }
        if (!places.isEmpty()) {
            int at = places.get(chance.nextInt(places.size()));
            char old = literal.charAt(at);
            return replaced(literal, at, Character.isDigit(old) ? DIGITS : Character.isUpperCase(old) ? LARGE : SMALL, chance);
        }
        char letter = SMALL.charAt(chance.nextInt(SMALL.length()));
        return literal.charAt(0) == '\'' ? "'" + letter + "'" : literal.substring(0, literal.length() - 1) + letter + '"';
    }

    /** How many characters after a backslash belong to it. */
    private static int escaped(String literal, int at) {
        int end = at;
        if (literal.charAt(at) == 'u') {
            while (literal.charAt(end) == 'u') {
                end++;
            }
            return end + 4 - at;
        }
        while (end < at + 3 && literal.charAt(end) >= '0' && literal.charAt(end) <= '7') {
            end++;
        }
        return Math.max(1, end - at);
    }

    private static String replaced(String literal, int at, String letters, Random chance) {
        char found = letters.charAt(chance.nextInt(letters.length()));
        while (found == literal.charAt(at)) {
            found = letters.charAt(chance.nextInt(letters.length()));
        }
        return literal.substring(0, at) + found + literal.substring(at + 1);
    }
}
