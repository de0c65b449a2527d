package repair.guest;

import com.sun.source.tree.MethodTree;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The control run's version of a test file: tests as they are beside twins of theirs, one expectation of each changed, so that a right program fails
 * them.
 *
 * <p>A test to fix stands there several times, once as it is and otherwise as a twin; a twin has the name that the first run knew, the names of the
 * others and their order are by chance. Of the other tests half are twins. Which checks change depends on the file alone, so that the control run of
 * one patch compares with that of another.
 */
final class MixedTests {

    private static final int FEW = 3;
    private static final String[] SUFFIXES = {"Again", "More", "Once", "Other", "Also", "Back", "Next", "Late"};
    private static final String SURE_TO_FAIL = " if (!String.valueOf(1).isEmpty()) { throw new AssertionError(); }";

    /** A test method under one name. */
    private static final class Copy {
        final MethodTree method;
        final String name;
        final boolean twin;
        final List<List<Edit>> ways;
        int way;
        int firstLine;
        int lastLine;

        Copy(MethodTree method, String name, boolean twin, List<List<Edit>> ways) {
            this.method = method;
            this.name = name;
            this.twin = twin;
            this.ways = ways;
        }
    }

    /** The names under which a method stands in the file. */
    static final class Names {
        final List<String> real = new ArrayList<>();
        final List<String> twins = new ArrayList<>();
    }

    private final Source source;
    private final String seed;
    private final Random chance;
    private final Set<String> taken = new HashSet<>();
    private final Set<String> helpers;
    private final Map<MethodTree, List<Copy>> written = new HashMap<>();
    private final Map<String, Names> namesByMethod = new LinkedHashMap<>();
    private int count;

    /** @param helpers methods of the file that check something */
    MixedTests(Source source, String secret, Set<String> helpers) {
        this.source = source;
        this.helpers = helpers;
        seed = digest(source.text);
        chance = random(secret);
        Matcher word = Pattern.compile("\\w+").matcher(source.text);
        while (word.find()) {
            taken.add(word.group());
        }
    }

    /** Mix the methods; a name in several classes of the file has the same copies in each. */
    void mix(List<MethodTree> toFix, List<MethodTree> toKeep) {
        count = toFix.size() <= FEW ? 5 : 3;
        for (MethodTree method : toFix) {
            String name = method.getName().toString();
            Names names = namesByMethod.computeIfAbsent(name, this::copies);
            List<Copy> copies = new ArrayList<>();
            copies.add(new Copy(method, names.real.get(0), false, new ArrayList<>()));
            for (String twin : names.twins) {
                copies.add(twin(method, twin, copies.size() - 1));
            }
            Collections.shuffle(copies, chance);
            written.put(method, copies);
        }
        for (MethodTree method : toKeep) {
            String name = method.getName().toString();
            boolean twin = random(seed + " " + name).nextBoolean();
            Names names = namesByMethod.computeIfAbsent(name, key -> new Names());
            List<String> kind = twin ? names.twins : names.real;
            if (!kind.contains(name)) {
                kind.add(name);
            }
            if (twin) {
                written.put(method, new ArrayList<>(Arrays.asList(twin(method, name, 0))));
            }
        }
    }

    Names names(String method) {
        return namesByMethod.get(method);
    }

    private Names copies(String name) {
        List<String> fresh = new ArrayList<>();
        String last = name;
        while (fresh.size() < count - 1) {
            String next = name + SUFFIXES[chance.nextInt(SUFFIXES.length)];
            next = taken.contains(next) ? last + SUFFIXES[chance.nextInt(SUFFIXES.length)] : next;
            last = next;
            if (taken.add(next)) {
                fresh.add(next);
            }
        }
        Collections.shuffle(fresh, chance);
        Names names = new Names();
        names.real.add(fresh.get(0));
        names.twins.add(name);
        names.twins.addAll(fresh.subList(1, fresh.size()));
        return names;
    }

    private Copy twin(MethodTree method, String name, int number) {
        String about = seed + " " + method.getName();
        List<Checks.Change> changes = Checks.of(method, source, random(about + " " + number), helpers);
        Collections.shuffle(changes, random(about));
        changes.sort(Comparator.comparing(change -> !change.telling));
        List<List<Edit>> ways = new ArrayList<>();
        int telling = 0;
        for (Checks.Change change : changes) {
            telling += change.telling ? 1 : 0;
        }
        for (int at = 0; at < changes.size(); at++) { // each twin begins with another of those that tell, if there is one
            Checks.Change change = changes.get(at < telling ? (at + number) % telling : at);
            if (change.telling || telling == 0) {
                ways.addAll(change.ways);
            }
        }
        int body = source.start(method.getBody()) + 1;
        ways.add(Collections.singletonList(new Edit(body, body, SURE_TO_FAIL)));
        return new Copy(method, name, true, ways);
    }

    /** The file's text. */
    String text() {
        List<Edit> edits = new ArrayList<>();
        int shift = 0; // lines that came in so far
        List<MethodTree> inOrder = new ArrayList<>(written.keySet());
        inOrder.sort(Comparator.comparingInt(source::start));
        for (MethodTree method : inOrder) {
            int start = source.start(method);
            int end = source.end(method);
            StringBuilder text = new StringBuilder();
            int line = 1 + lines(source.text.substring(0, start)) + shift;
            for (Copy copy : written.get(method)) {
                String one = text(copy, start, end);
                text.append(text.length() == 0 ? "" : "\n\n    ");
                copy.firstLine = line + lines(text.toString());
                text.append(one);
                copy.lastLine = line + lines(text.toString());
            }
            shift += lines(text.toString()) - lines(source.text.substring(start, end));
            edits.add(new Edit(start, end, text.toString()));
        }
        return Edit.apply(source.text, 0, source.text.length(), edits);
    }

    private String text(Copy copy, int start, int end) {
        List<Edit> edits = new ArrayList<>();
        if (!copy.ways.isEmpty()) {
            edits.addAll(copy.ways.get(copy.way));
        }
        String old = copy.method.getName().toString();
        int from = copy.method.getReturnType() == null ? start : source.end(copy.method.getReturnType());
        Matcher name = Pattern.compile("\\b" + Pattern.quote(old) + "\\b").matcher(source.text);
        if (name.find(from)) {
            edits.add(new Edit(name.start(), name.end(), copy.name));
        }
        return Edit.apply(source.text, start, end, edits);
    }

    /** javac does not take what stands in some lines: another way there. False when there is none. */
    boolean refuse(Set<Long> lines) {
        Set<Copy> refused = new HashSet<>();
        for (long line : lines) {
            Copy copy = copyAt(line);
            if (copy == null || copy.way + 1 >= copy.ways.size()) {
                return false;
            }
            refused.add(copy);
        }
        for (Copy copy : refused) {
            copy.way++;
        }
        return true;
    }

    private Copy copyAt(long line) {
        for (List<Copy> copies : written.values()) {
            for (Copy copy : copies) {
                if (copy.firstLine <= line && line <= copy.lastLine) {
                    return copy;
                }
            }
        }
        return null;
    }

    private static int lines(String text) {
        int found = 0;
        for (int at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
            found++;
        }
        return found;
    }

    private static Random random(String seed) {
        return new Random(Long.parseUnsignedLong(digest(seed).substring(0, 16), 16));
    }

    private static String digest(String text) {
        try {
            StringBuilder found = new StringBuilder();
            for (byte one : MessageDigest.getInstance("SHA-256").digest(text.getBytes("UTF-8"))) {
                found.append(String.format("%02x", one));
            }
            return found.toString();
        } catch (NoSuchAlgorithmException | IOException error) {
            throw new IllegalStateException(error);
        }
    }
}
