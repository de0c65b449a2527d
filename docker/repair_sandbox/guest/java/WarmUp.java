package repair.guest;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Collections;
import org.junit.Test;
import org.junit.runner.Request;
import org.junit.runner.notification.RunNotifier;

/** What javac and JUnit can load and have compiled to machine code while there is nothing to do yet. */
final class WarmUp {

    private static final int ROUNDS = 3; // in 0.5 s of processor time; more gain nothing that can be measured

    private static final String[] SAMPLE = {
        "package sample;",
        "import java.util.*;",
        "/** {@code Sample}. */",
        "public class Sample<T extends Comparable<T>> extends AbstractList<T> implements java.io.Serializable {",
        "    private static final long serialVersionUID = 1L; static final String[] NAMES = {\"a\", \"b\" + 'c'};",
        "    enum Kind { ONE, TWO { @Override int weight() { return 2; } }; int weight() { return 1; } }",
        "    interface Visitor<R> { R visit(Object one) throws java.io.IOException; }",
        "    private final Map<String, List<? super T>> found = new HashMap<String, List<? super T>>(); private int[] counts = new int[4]; T first;",
        "    public Sample(T first) { super(); this.first = first; }",
        "    @Override public T get(int at) { if (at < 0 || at >= size()) { throw new IndexOutOfBoundsException(\"at \" + at); } return first; }",
        "    @Override public int size() { return first == null ? 0 : counts.length; }",
        "    static <E> int total(Collection<? extends E> all, Visitor<Integer> visitor) {",
        "        int sum = 0; long wide = 1L << 3; double part = sum / 2.0; char c = (char) (sum + 'x'); boolean seen = false;",
        "        for (E one : all) { try { sum += visitor.visit(one); } catch (java.io.IOException error) { continue; } finally { seen |= true; } }",
        "        for (int i = 0, j = 9; i < j; i++, --j) { while (sum > 10 && !seen) { sum -= i * j % 3; if (sum == 5) break; } }",
        "        switch (sum) { case 1: sum = ~sum; break; case 2: default: sum ^= 7; }",
        "        do { wide >>>= 1; } while (wide != 0); return sum + (int) part + c;",
        "    }",
        "    public String toString() {",
        "        final StringBuilder text = new StringBuilder(); Visitor<String> visitor = new Visitor<String>() {",
        "            public String visit(Object one) { return one instanceof String ? (String) one : String.valueOf(one) + text.length(); } };",
        "        synchronized (this) { for (String name : NAMES) { text.append(name).append(Kind.valueOf(\"ONE\").weight()); } }",
        "        Collections.sort(new ArrayList<String>(found.keySet()), new Comparator<String>() { public int compare(String a, String b) { return b.compareTo(a); } });",
        "        return text.toString() + Arrays.asList(counts[0], Math.max(1, 2)) + Integer.class.getName() + Arrays.hashCode(counts);",
        "    }",
        "}",
    };

    private WarmUp() {}

    /** Compile a sample, as often as that makes javac faster, unless there is something to do. */
    static void javac(Channel channel) throws IOException {
        File folder = Files.createTempDirectory("warm-up").toFile();
        Source.Text sample = new Source.Text(new File(folder, "sample/Sample.java"), String.join("\n", SAMPLE));
        for (int round = 0; round < ROUNDS && channel.isSilent(); round++) {
            Compiler compiler = new Compiler(Arrays.asList("-g", "-source", "8", "-target", "8"));
            if (!compiler.compile(Collections.singletonList(sample), folder, Collections.<File>emptyList()).isEmpty()) {
                break; // a later Java knows that release no more
            }
        }
        Places.clear(folder);
        new File(folder, "sample").delete();
        folder.delete();
    }

    /** Run a test, unless there is one to run. */
    static void junit(Channel channel) throws IOException {
        if (channel.isSilent()) {
            Request.aClass(Passes.class).getRunner().run(new RunNotifier());
        }
    }

    /** A test of nothing. */
    public static final class Passes {
        @Test
        public void passes() {}
    }
}
