package repair.guest;

import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import sun.misc.Unsafe;

/**
 * The way to the supervisor: a socket inherited under a number. What goes there are lines {@code KEY JSON}, what comes are words in URL encoding.
 *
 * <p>A socket cannot be opened again through /proc, so code under test would need this object's key, which no static field leads to.
 */
final class Channel {

    /** {@code process.CHANNEL_FD} of the supervisor. */
    private static final int NUMBER = 197;

    private final InputStream in;
    private final OutputStream out;
    private String key = "";

    Channel() throws ReflectiveOperationException {
        FileDescriptor descriptor = new FileDescriptor();
        Field unsafe = Unsafe.class.getDeclaredField("theUnsafe"); // its constructor from a number is closed to us from Java 17 on
        unsafe.setAccessible(true);
        Unsafe memory = (Unsafe) unsafe.get(null);
        memory.putInt(descriptor, memory.objectFieldOffset(FileDescriptor.class.getDeclaredField("fd")), NUMBER);
        in = new BufferedInputStream(new FileInputStream(descriptor));
        out = new FileOutputStream(descriptor);
    }

    void identify(String key) {
        this.key = key;
    }

    /** Whether nothing was said yet. */
    boolean isSilent() throws IOException {
        return in.available() == 0;
    }

    /** The words of the next line. */
    List<String> hear() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the supervisor closed the channel");
            }
            line.append((char) next);
        }
        List<String> words = new ArrayList<>();
        for (String word : line.toString().split(" ")) {
            words.add(URLDecoder.decode(word, "UTF-8"));
        }
        return words;
    }

    /** Send an object: names and values in turn. */
    void tell(Object... namesAndValues) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int at = 0; at < namesAndValues.length; at += 2) {
            fields.put((String) namesAndValues[at], namesAndValues[at + 1]);
        }
        out.write((key + " " + json(fields) + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** A map, a list, a text, a number or a boolean as JSON in ASCII. */
    static String json(Object value) {
        StringBuilder text = new StringBuilder();
        if (value instanceof Map) {
            for (Map.Entry<?, ?> field : ((Map<?, ?>) value).entrySet()) {
                text.append(text.length() == 0 ? "{" : ",").append(quoted((String) field.getKey())).append(':').append(json(field.getValue()));
            }
            return text.append(text.length() == 0 ? "{}" : "}").toString();
        }
        if (value instanceof Iterable) {
            for (Object item : (Iterable<?>) value) {
                text.append(text.length() == 0 ? "[" : ",").append(json(item));
            }
            return text.append(text.length() == 0 ? "[]" : "]").toString();
        }
        return value instanceof String ? quoted((String) value) : String.valueOf(value);
    }

    private static String quoted(String text) {
        StringBuilder found = new StringBuilder("\"");
        for (int at = 0; at < text.length(); at++) {
            char letter = text.charAt(at);
            if (letter >= ' ' && letter < 127 && letter != '"' && letter != '\\') {
                found.append(letter);
            } else {
                found.append(String.format("\\u%04x", (int) letter));
            }
        }
        return found.append('"').toString();
    }
}
