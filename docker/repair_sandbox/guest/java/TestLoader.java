package repair.guest;

import java.net.URL;
import java.net.URLClassLoader;

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
}
