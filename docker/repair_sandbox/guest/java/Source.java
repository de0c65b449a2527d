package repair.guest;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** One source file: its text and what the parser made of it. Nothing is resolved, so no class is needed for it. */
final class Source {

    final File file;
    final Charset charset;
    final String text;
    final CompilationUnitTree tree;
    private final SourcePositions positions;
    private Map<String, Set<String>> types;

    /**
     * Read and parse a file.
     *
     * @throws IOException it cannot be read or parsed
     */
    Source(File file, Charset encoding) throws IOException {
        this.file = file;
        byte[] content = Files.readAllBytes(file.toPath());
        String decoded = new String(content, encoding);
        charset = Arrays.equals(decoded.getBytes(encoding), content) ? encoding : StandardCharsets.ISO_8859_1;
        text = new String(content, charset);
        JavacTask task = (JavacTask) ToolProvider.getSystemJavaCompiler().getTask(null, null, found -> { }, Arrays.asList("-proc:none"), null, Arrays.asList(new Text(file, text)));
        tree = task.parse().iterator().next();
        positions = Trees.instance(task).getSourcePositions();
    }

    /** The types that the variables of a name are declared with, wherever in the file. */
    Map<String, Set<String>> types() {
        if (types == null) {
            types = new HashMap<>();
            new TreeScanner<Void, Void>() {
                @Override
                public Void visitVariable(VariableTree node, Void nothing) {
                    String type = node.getType() == null ? "var" : node.getType().toString();
                    types.computeIfAbsent(node.getName().toString(), name -> new HashSet<>()).add(type);
                    return super.visitVariable(node, nothing);
                }
            }.scan(tree, null);
        }
        return types;
    }

    int start(Tree node) {
        return (int) positions.getStartPosition(tree, node);
    }

    int end(Tree node) {
        return (int) positions.getEndPosition(tree, node);
    }

    String text(Tree node) {
        return text.substring(start(node), end(node));
    }

    /** A text in the place of a file. */
    static final class Text extends SimpleJavaFileObject {
        private final String text;

        Text(File file, String text) {
            super(file.toURI(), JavaFileObject.Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}
