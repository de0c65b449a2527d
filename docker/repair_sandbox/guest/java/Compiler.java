package repair.guest;

import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;

/** javac in this JVM, with a build's flags. It runs no code of what it compiles: no annotation processor is started. */
final class Compiler {

    private final JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    private final StandardJavaFileManager files;
    private final List<String> flags;
    private final Set<String> hidden = new HashSet<>();

    Compiler(List<String> flags) {
        this.flags = flags;
        files = javac.getStandardFileManager(null, Locale.ROOT, encoding());
    }

    List<JavaFileObject> sources(Collection<File> places) {
        List<JavaFileObject> found = new ArrayList<>();
        for (JavaFileObject source : files.getJavaFileObjectsFromFiles(places)) {
            found.add(source);
        }
        return found;
    }

    /** In which sources are written. */
    Charset encoding() {
        int encoding = flags.indexOf("-encoding") + 1;
        return encoding > 0 ? Charset.forName(flags.get(encoding)) : Charset.defaultCharset();
    }

    /** From now on the class path does not show these class files, {@code a/b/C.class}: their sources are gone. */
    void hide(Collection<String> classFiles) {
        for (String name : classFiles) {
            hidden.add(name.replaceAll("\\.class$", "").replace('/', '.'));
        }
    }

    /** Compile into {@code output}; the errors, none when all is well. */
    List<Diagnostic<? extends JavaFileObject>> compile(Iterable<? extends JavaFileObject> sources, File output, Collection<File> classPath) throws IOException {
        Files.createDirectories(output.toPath());
        files.setLocation(StandardLocation.CLASS_OUTPUT, Arrays.asList(output));
        files.setLocation(StandardLocation.CLASS_PATH, classPath);
        files.setLocation(StandardLocation.SOURCE_PATH, new ArrayList<File>()); // else the class path is searched for sources too
        List<String> options = new ArrayList<>(flags);
        options.addAll(Arrays.asList("-proc:none", "-implicit:none", "-nowarn", "-Xmaxerrs", "20"));
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        boolean done;
        try {
            done = javac.getTask(null, new Shown(), found, options, null, sources).call();
        } catch (StackOverflowError | RuntimeException error) { // javac gives up on an absurd source
            throw new IOException("javac fails: " + error, error);
        }
        List<Diagnostic<? extends JavaFileObject>> errors = new ArrayList<>();
        for (Diagnostic<? extends JavaFileObject> one : found.getDiagnostics()) {
            if (one.getKind() == Diagnostic.Kind.ERROR) {
                errors.add(one);
            }
        }
        if (!done && errors.isEmpty()) {
            throw new IOException("javac ends without a word");
        }
        return errors;
    }

    /** The files but for the hidden. */
    private final class Shown extends ForwardingJavaFileManager<StandardJavaFileManager> {
        Shown() {
            super(files);
        }

        @Override
        public Iterable<JavaFileObject> list(Location location, String packageName, Set<JavaFileObject.Kind> kinds, boolean recurse) throws IOException {
            List<JavaFileObject> shown = new ArrayList<>();
            for (JavaFileObject file : super.list(location, packageName, kinds, recurse)) {
                if (location != StandardLocation.CLASS_PATH || !hidden.contains(inferBinaryName(location, file))) {
                    shown.add(file);
                }
            }
            return shown;
        }
    }
}
