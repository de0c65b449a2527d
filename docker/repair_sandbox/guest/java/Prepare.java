package repair.guest;

import java.io.File;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;

/**
 * Compiles what a patch changed, and the trusted tests, into fresh folders; never loads a class of either. Ends with one line of JSON. The plan is in
 * the file that the argument names; without one, in a file that the channel names when there is a patch.
 *
 * <p>A change that other classes were compiled against has everything compiled anew, and so has an image without compiled classes.
 */
public final class Prepare {

    private static final int ERRORS_SHOWN = 3;
    private static final int ROUNDS = 6;
    private static final String[] RESERVED = {"java/", "junit/", "org/junit/", "org/hamcrest/", "repair/guest/"};

    private final Map<String, List<String>> plan;
    private final File workdir;
    private final File sourceRoot;
    private final File testRoot;
    private final File mainOut;
    private final File testOut;
    private final Places classes;
    private final Places testClasses;
    private final Places library;
    private final Compiler compiler;
    private final Compiler testCompiler;
    private final Map<String, Object> result = new LinkedHashMap<>();

    private Prepare(Map<String, List<String>> plan) throws IOException {
        this.plan = plan;
        workdir = new File(one("workdir"));
        sourceRoot = new File(one("source_dir"));
        testRoot = new File(one("test_dir"));
        mainOut = new File(one("main_out"));
        testOut = new File(one("test_out"));
        classes = new Places(places("classes"));
        testClasses = new Places(places("test_classes"));
        library = new Places(places("class_path"));
        compiler = new Compiler(all("flag"));
        testCompiler = new Compiler(all("test_flag"));
    }

    public static void main(String[] arguments) throws Exception {
        String file = arguments.length > 0 ? arguments[0] : toldAfterWarmUp();
        Map<String, List<String>> plan = new LinkedHashMap<>();
        for (String line : Files.readAllLines(new File(file).toPath(), StandardCharsets.US_ASCII)) {
            String[] words = line.split(" ");
            plan.computeIfAbsent(words[0], name -> new ArrayList<>()).add(URLDecoder.decode(words[1], "UTF-8"));
        }
        Prepare prepare = new Prepare(plan);
        try {
            prepare.run();
        } catch (Failure failure) {
            prepare.result.put("status", failure.status);
            prepare.result.put("reason", failure.getMessage());
        }
        System.out.println("\n" + Channel.json(prepare.result));
    }

    private static String toldAfterWarmUp() throws Exception {
        Channel channel = new Channel();
        WarmUp.javac(channel);
        return channel.hear().get(0);
    }

    private void run() throws IOException, Failure {
        result.put("status", "done");
        result.put("reason", "");
        List<String> changed = new ArrayList<>();
        List<String> removed = new ArrayList<>();
        for (String path : all("changed")) {
            String name = below(sourceRoot, path);
            if (name != null) {
                (new File(sourceRoot, name).isFile() ? changed : removed).add(name);
            }
        }
        boolean everything = classes.files.isEmpty();
        if (!everything) {
            compileMain(changed);
            everything = !removedClasses(removed).isEmpty() || changesShape(changed);
            if (everything && one("has_full_compile").equals("yes")) {
                result.put("status", "full_compile");
                return;
            }
        }
        result.put("full", everything);
        Set<String> stale = removedClasses(removed);
        result.put("stale", new ArrayList<>(stale));
        if (everything) {
            compiler.hide(stale);
            Places.clear(mainOut);
            compileMain(compiled(sourceRoot, classes, changed));
            stale.removeAll(Places.below(mainOut)); // a class may have moved to another source
            testCompiler.hide(stale);
        }
        checkNames();
        compileTests(everything);
    }

    private void compileMain(List<String> names) throws IOException, Failure {
        List<File> path = new ArrayList<>(classes.files);
        path.addAll(library.files);
        compile(compiler, sourceRoot, names, mainOut, path);
    }

    private void compileTests(boolean everything) throws IOException, Failure {
        List<String> names = new ArrayList<>();
        for (String path : all("trusted")) {
            String name = below(testRoot, path);
            if (name != null && new File(testRoot, name).isFile()) {
                names.add(name);
            }
        }
        if (everything) {
            names = compiled(testRoot, testClasses, names);
        }
        List<File> path = new ArrayList<>(Collections.singletonList(mainOut));
        path.addAll(classes.files);
        path.addAll(testClasses.files);
        path.addAll(library.files);
        if (all("arrangement").isEmpty()) {
            compile(testCompiler, testRoot, names, testOut, path);
        } else {
            compileMixed(names, path);
        }
        for (String name : Places.below(testOut)) {
            if (new File(mainOut, name).isFile() && name.endsWith(".class")) {
                throw new Failure("patch_rejected", name + ": a class of the program where a test has one");
            }
        }
    }

    /** Compile the tests with twins beside them. What javac does not take of a twin is changed in another way, at last left out. */
    private void compileMixed(List<String> names, List<File> path) throws IOException, Failure {
        Control control = new Control(testRoot, testCompiler.encoding(), one("arrangement"), all("to_fix"), all("to_keep"));
        List<String> others = new ArrayList<>(names);
        others.removeAll(control.files.keySet());
        for (int round = 0; ; round++) {
            Map<String, JavaFileObject> mixed = new LinkedHashMap<>();
            for (String name : control.files.keySet()) {
                mixed.put(name, new Source.Text(new File(testRoot, name), control.files.get(name).text()));
            }
            List<Diagnostic<? extends JavaFileObject>> errors = compileSome(testCompiler, testRoot, others, mixed.values(), testOut, path);
            if (errors.isEmpty()) {
                break;
            }
            boolean changed = false;
            for (Map.Entry<String, JavaFileObject> entry : mixed.entrySet()) {
                Set<Long> lines = new TreeSet<>();
                for (Diagnostic<? extends JavaFileObject> error : errors) {
                    if (error.getSource() != null && error.getSource().toUri().equals(entry.getValue().toUri())) {
                        lines.add(error.getLineNumber());
                    }
                }
                changed |= !lines.isEmpty();
                if (!lines.isEmpty() && (round == ROUNDS || !control.files.get(entry.getKey()).refuse(lines))) {
                    control.giveUp(entry.getKey(), shown(errors));
                    others.add(entry.getKey());
                }
            }
            if (!changed) {
                throw new Failure("compile_failed", shown(errors));
            }
        }
        for (String name : control.files.keySet()) {
            File copy = new File(one("mixed_out"), name);
            Files.createDirectories(copy.getParentFile().toPath());
            Files.write(copy.toPath(), control.files.get(name).text().getBytes(control.source(name).charset));
        }
        result.put("mixed", new ArrayList<>(control.files.keySet()));
        result.put("twins", control.notes);
        result.put("copies", control.copies());
        result.put("classes", new ArrayList<>(control.classNames));
    }

    /** Sources below {@code root} of which a compiled class is known, and those named; all where nothing is compiled yet. */
    private static List<String> compiled(File root, Places classes, List<String> named) {
        List<String> found = new ArrayList<>();
        for (String name : Places.below(root)) {
            if (classes.files.isEmpty() || named.contains(name) || name.endsWith(".java") && classes.has(classFile(name))) {
                found.add(name);
            }
        }
        return found;
    }

    private void compile(Compiler javac, File root, List<String> names, File output, List<File> path) throws IOException, Failure {
        List<Diagnostic<? extends JavaFileObject>> errors = compileSome(javac, root, names, new ArrayList<>(), output, path);
        if (!errors.isEmpty()) {
            throw new Failure("compile_failed", shown(errors));
        }
    }

    /** Compile the sources among the files, and others besides; files that are no sources are copied, as resources are. */
    private static List<Diagnostic<? extends JavaFileObject>> compileSome(
            Compiler javac, File root, List<String> names, Collection<JavaFileObject> more, File output, List<File> path) throws IOException, Failure {
        List<File> files = new ArrayList<>();
        Files.createDirectories(output.toPath());
        for (String name : names) {
            File source = new File(root, name);
            if (name.endsWith(".java")) {
                files.add(source);
            } else {
                File copy = new File(output, name);
                Files.createDirectories(copy.getParentFile().toPath());
                Files.copy(source.toPath(), copy.toPath(), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        List<JavaFileObject> sources = javac.sources(files);
        sources.addAll(more);
        try {
            return sources.isEmpty() ? new ArrayList<>() : javac.compile(sources, output, path);
        } catch (IOException error) {
            throw new Failure("compile_failed", String.valueOf(error.getMessage()));
        }
    }

    private String shown(List<Diagnostic<? extends JavaFileObject>> errors) {
        List<String> lines = new ArrayList<>();
        for (Diagnostic<? extends JavaFileObject> error : errors.subList(0, Math.min(ERRORS_SHOWN, errors.size()))) {
            String file = error.getSource() == null ? "javac" : new File(error.getSource().toUri().getPath()).getPath();
            String inside = below(workdir, file);
            lines.add((inside == null ? file : inside) + ":" + error.getLineNumber() + ": " + error.getMessage(java.util.Locale.ROOT).replaceAll("\\s*\\n\\s*", ", "));
        }
        String more = errors.size() > ERRORS_SHOWN ? " (and " + (errors.size() - ERRORS_SHOWN) + " more errors)" : "";
        return String.join("; ", lines) + more;
    }

    /** Whether other classes must be compiled anew after these sources were. */
    private boolean changesShape(List<String> changed) throws IOException {
        for (String name : Places.below(mainOut)) {
            byte[] before = classes.read(name);
            boolean local = name.matches(".*\\$\\d.*"); // nothing outside of its source can name it
            if (before != null && !local && !ClassShape.of(before).equals(ClassShape.of(Files.readAllBytes(new File(mainOut, name).toPath())))) {
                return true;
            }
        }
        for (String source : changed) {
            for (String nested : classes.nested(source.replaceAll("\\.java$", ""))) {
                if (!nested.matches(".*\\$\\d.*") && !new File(mainOut, nested).isFile()) {
                    return true;
                }
            }
        }
        return false;
    }

    private Set<String> removedClasses(List<String> sources) {
        Set<String> found = new TreeSet<>();
        for (String source : sources) {
            if (classes.has(classFile(source))) {
                found.add(classFile(source));
                found.addAll(classes.nested(source.replaceAll("\\.java$", "")));
            }
        }
        return found;
    }

    /** Refuse new classes that stand where the test framework, a library or a test has one. */
    private void checkNames() throws Failure {
        for (String name : Places.below(mainOut)) {
            if (name.endsWith(".class") && !classes.has(name)) {
                boolean reserved = false;
                for (String start : RESERVED) {
                    reserved |= name.startsWith(start);
                }
                if (reserved || library.has(name) || testClasses.has(name)) {
                    throw new Failure("patch_rejected", name + ": a class of that name belongs to the tests, a library or the test framework");
                }
            }
        }
    }

    /** The path of a file from a folder that it is in, else null. */
    private static String below(File folder, String path) {
        String start = folder.getPath() + "/";
        return path.startsWith(start) ? path.substring(start.length()) : null;
    }

    private static String classFile(String source) {
        return source.replaceAll("\\.java$", ".class");
    }

    private List<String> all(String name) {
        return plan.getOrDefault(name, new ArrayList<>());
    }

    private String one(String name) {
        return all(name).get(0);
    }

    private List<File> places(String name) {
        List<File> found = new ArrayList<>();
        for (String path : all(name)) {
            if (new File(path).exists()) {
                found.add(new File(path));
            }
        }
        return found;
    }

    private static final class Failure extends Exception {
        private static final long serialVersionUID = 1;
        final String status;

        Failure(String status, String reason) {
            super(reason);
            this.status = status;
        }
    }
}
