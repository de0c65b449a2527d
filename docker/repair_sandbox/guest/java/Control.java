package repair.guest;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.ImportTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * The control run's test classes: all that hold a test to fix, and of the others as many, by chance, as fit in a budget of text.
 *
 * <p>A method is looked for in its class's file, then in those of the classes above it. What is not found has no copies, and nothing watches it.
 */
final class Control {

    private static final int ROOM = 150_000; // characters of classes without a test to fix: about half a second to compile and run
    private static final int HEIGHT = 6;

    private static final class Found {
        final String path;
        final MethodTree method;

        Found(String path, MethodTree method) {
            this.path = path;
            this.method = method;
        }
    }

    private final File root;
    private final Charset encoding;
    private final Map<String, Source> sources = new HashMap<>();
    private final Map<String, Found> found = new LinkedHashMap<>();

    /** Mixed files by their path below the root of the tests. */
    final Map<String, MixedTests> files = new LinkedHashMap<>();
    /** Path or class to why there are no twins in it; to nothing where there are. */
    final Map<String, Object> notes = new LinkedHashMap<>();
    /** Test classes to run. */
    final Set<String> classNames = new LinkedHashSet<>();

    Control(File root, Charset encoding, String secret, List<String> toFix, List<String> toKeep) {
        this.root = root;
        this.encoding = encoding;
        for (String name : toFix) {
            classNames.add(name.split("::")[0]);
        }
        choose(toKeep, secret);
        Set<MethodTree> fixes = new HashSet<>();
        for (String name : toFix) {
            fixes.addAll(find(name));
        }
        for (String name : toKeep) {
            if (classNames.contains(name.split("::")[0])) {
                find(name);
            }
        }
        Map<String, Set<MethodTree>> byPath = new LinkedHashMap<>();
        for (Found one : found.values()) {
            byPath.computeIfAbsent(one.path, path -> new LinkedHashSet<>()).add(one.method);
        }
        for (Map.Entry<String, Set<MethodTree>> entry : byPath.entrySet()) {
            List<MethodTree> fixed = new ArrayList<>();
            List<MethodTree> kept = new ArrayList<>();
            for (MethodTree method : entry.getValue()) {
                (fixes.contains(method) ? fixed : kept).add(method);
            }
            MixedTests mixed = new MixedTests(sources.get(entry.getKey()), secret + entry.getKey(), helpers(entry.getKey(), entry.getValue()));
            mixed.mix(fixed, kept);
            files.put(entry.getKey(), mixed);
            notes.put(entry.getKey(), "");
        }
    }

    Source source(String path) {
        return sources.get(path);
    }

    /** Leave a file as it is. */
    void giveUp(String path, String reason) {
        files.remove(path);
        notes.put(path, reason);
    }

    /** Expected name to the names of its copies. */
    Map<String, Object> copies() {
        Map<String, Object> copies = new LinkedHashMap<>();
        for (Map.Entry<String, Found> entry : found.entrySet()) {
            MixedTests mixed = files.get(entry.getValue().path);
            if (mixed != null) {
                String className = entry.getKey().split("::")[0];
                MixedTests.Names names = mixed.names(entry.getValue().method.getName().toString());
                Map<String, Object> kinds = new LinkedHashMap<>();
                kinds.put("real", named(className, names.real));
                kinds.put("twins", named(className, names.twins));
                copies.put(entry.getKey(), kinds);
            }
        }
        return copies;
    }

    private static List<String> named(String className, List<String> methods) {
        List<String> names = new ArrayList<>();
        for (String method : methods) {
            names.add(className + "::" + method);
        }
        return names;
    }

    private void choose(List<String> toKeep, String secret) {
        Set<String> others = new LinkedHashSet<>();
        for (String name : toKeep) {
            others.add(name.split("::")[0]);
        }
        others.removeAll(classNames);
        List<String> shuffled = new ArrayList<>(others);
        Collections.shuffle(shuffled, new Random(secret.hashCode()));
        long room = ROOM;
        for (String className : shuffled) {
            long size = new File(root, path(className)).length();
            if (size > 0 && size <= room) {
                room -= size;
                classNames.add(className);
            }
        }
    }

    private Set<MethodTree> find(String name) {
        String className = name.split("::")[0];
        Found method;
        try {
            method = find(className, name.split("::")[1], HEIGHT);
        } catch (IOException | RuntimeException error) {
            notes.put(className, String.valueOf(error));
            return Collections.emptySet();
        }
        if (method == null) {
            notes.put(name, "no source of it found");
            return Collections.emptySet();
        }
        found.put(name, method);
        return Collections.singleton(method.method);
    }

    private Found find(String className, String methodName, int height) throws IOException {
        String path = path(className);
        if (height == 0 || !new File(root, path).isFile()) {
            return null;
        }
        Source source = sources.get(path);
        if (source == null) {
            source = new Source(new File(root, path), encoding);
            sources.put(path, source);
        }
        String simple = className.substring(className.lastIndexOf('.') + 1);
        ClassTree tree = classIn(source.tree.getTypeDecls(), simple);
        if (tree == null) {
            return null;
        }
        for (Tree member : tree.getMembers()) {
            if (member instanceof MethodTree) {
                MethodTree method = (MethodTree) member;
                if (method.getName().contentEquals(methodName) && method.getParameters().isEmpty() && method.getBody() != null && source.start(method) >= 0) {
                    return new Found(path, method);
                }
            }
        }
        return tree.getExtendsClause() == null ? null : find(above(source, className, tree.getExtendsClause().toString()), methodName, height - 1);
    }

    private static ClassTree classIn(Iterable<? extends Tree> members, String name) {
        String first = name.split("\\$")[0];
        for (Tree member : members) {
            if (member instanceof ClassTree && ((ClassTree) member).getSimpleName().contentEquals(first)) {
                ClassTree found = (ClassTree) member;
                return name.equals(first) ? found : classIn(found.getMembers(), name.substring(first.length() + 1));
            }
        }
        return null;
    }

    /** The full name of a superclass as it is written; nested and imported ones too, other packages' by their full names. */
    private String above(Source source, String className, String written) {
        String name = written.replaceAll("<.*", "").trim();
        for (ImportTree one : source.tree.getImports()) {
            String imported = one.getQualifiedIdentifier().toString();
            if (imported.endsWith("." + name)) {
                return imported;
            }
        }
        String outer = className.split("\\$")[0];
        if (classIn(source.tree.getTypeDecls(), outer.substring(outer.lastIndexOf('.') + 1) + "$" + name) != null) {
            return outer + "$" + name;
        }
        String inPackage = className.substring(0, className.lastIndexOf('.') + 1) + name;
        return name.contains(".") && !new File(root, path(inPackage)).isFile() ? name : inPackage;
    }

    private Set<String> helpers(String path, Set<MethodTree> tests) {
        Set<String> names = new HashSet<>();
        for (Tree type : sources.get(path).tree.getTypeDecls()) {
            for (Tree member : type instanceof ClassTree ? ((ClassTree) type).getMembers() : Collections.<Tree>emptyList()) {
                if (member instanceof MethodTree && !tests.contains(member) && ((MethodTree) member).getBody() != null && Checks.check((MethodTree) member)) {
                    names.add(((MethodTree) member).getName().toString());
                }
            }
        }
        return names;
    }

    private static String path(String className) {
        return className.split("\\$")[0].replace('.', '/') + ".java";
    }
}
