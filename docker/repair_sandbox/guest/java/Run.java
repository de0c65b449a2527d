package repair.guest;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs test classes in the order given, each with class loaders of its own, and reports over the channel.
 *
 * <p>What it says is not trusted, for the code under test lives in this JVM: the verdict needs it complete and consistent, and a control run catches
 * who forges it. It ends by halting, so no thread or shutdown hook of that code outlives the tests.
 */
public final class Run {

    private static final int FAILED = 1;
    private static final int STOPPED = 2;

    private Run() {}

    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out;
        PrintStream errors = System.err;
        Channel channel = new Channel();
        WarmUp.junit(channel);
        List<URL> places = new ArrayList<>();
        List<String> classPath = new ArrayList<>();
        List<String> classNames = new ArrayList<>();
        String sourceFolder = "";
        for (List<String> words = channel.hear(); !words.get(0).equals("run"); words = channel.hear()) {
            String value = words.get(1);
            switch (words.get(0)) {
                case "key":
                    channel.identify(value);
                    break;
                case "place":
                    places.add(new File(value).toURI().toURL());
                    classPath.add(value);
                    break;
                case "class":
                    classNames.add(value);
                    break;
                default:
                    sourceFolder = value;
            }
        }
        System.setProperty("java.class.path", String.join(File.pathSeparator, classPath)); // as build tools tell the tests
        int status = run(channel, places.toArray(new URL[0]), classNames, sourceFolder, out);
        out.flush();
        errors.flush();
        channel.tell("event", "end", "exitstatus", status);
        Runtime.getRuntime().halt(status);
    }

    private static int run(Channel channel, URL[] places, List<String> classNames, String sourceFolder, PrintStream out) throws IOException {
        PrintStream errors = System.err;
        boolean failed = false;
        for (String className : classNames) {
            channel.tell("event", "class", "name", className);
            JUnitTests tests = new JUnitTests(channel, className, sourceFolder, out);
            try (TestLoader loader = new TestLoader(places, Run.class.getClassLoader())) {
                Thread.currentThread().setContextClassLoader(loader);
                boolean ended = tests.run(loader);
                if (!ended) {
                    return STOPPED;
                }
            } finally {
                Thread.interrupted();
                System.setOut(out);
                System.setErr(errors);
            }
            failed |= tests.failed();
        }
        return failed ? FAILED : 0;
    }
}
