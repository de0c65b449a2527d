package repair.guest;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;

/**
 * Loads the program and its tests afresh for one test class, as build tools do; JUnit itself comes from the class path of this JVM, whatever the
 * program brings along, so that nothing stands in for it and all test classes share it.
 */
final class TestLoader extends URLClassLoader {

    private static final String[] FRAMEWORK = {"org.junit.", "junit.", "org.hamcrest."};

    static {
        registerAsParallelCapable();
    }

    private final ClassLoader framework;

    TestLoader(URL[] places, ClassLoader framework) {
        super(places, framework.getParent());
        this.framework = framework;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        for (String start : FRAMEWORK) {
            if (name.startsWith(start)) {
                try {
                    return framework.loadClass(name);
                } catch (ClassNotFoundException error) {
                    break; // an extension of it that the tests bring
                }
            }
        }
        return super.loadClass(name, resolve);
    }

    /** As Ant's loader gives it: a stream of a file that does not skip beyond its end, which those of {@code file:} addresses do. */
    @Override
    public InputStream getResourceAsStream(String name) {
        URL found = getResource(name);
        if (found != null && found.getProtocol().equals("file")) {
            try {
                File file = new File(found.toURI());
                if (file.isFile()) {
                    return Files.newInputStream(file.toPath());
                }
            } catch (URISyntaxException | IOException error) {
                // then as the parent gives it
            }
        }
        return super.getResourceAsStream(name);
    }
}
