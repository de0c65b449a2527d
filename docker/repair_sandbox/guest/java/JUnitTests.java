package repair.guest;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import junit.framework.TestCase;
import org.junit.internal.runners.JUnit38ClassRunner;
import org.junit.internal.runners.SuiteMethod;
import org.junit.runner.Description;
import org.junit.runner.Request;
import org.junit.runner.Runner;
import org.junit.runner.notification.Failure;
import org.junit.runner.notification.RunListener;
import org.junit.runner.notification.RunNotifier;
import org.junit.runner.notification.StoppedByUserException;

/**
 * One test class of JUnit 3 or 4 and the reports on its tests.
 *
 * <p>A test is called {@code package.Class::method}. All runs of a parameterised test are one test, and so are tests that a suite holds twice: one
 * report, of the worst, when the last of them ended. What fails outside of any test is called {@code initializationError}.
 */
final class JUnitTests extends RunListener {

    private static final String PASSED = "passed";
    private static final String SKIPPED = "skipped";
    private static final String FAILED = "failed";
    private static final int TRACE_LINES = 12;

    private final Channel channel;
    private final String className;
    private final String sourceFolder;
    private final PrintStream log;
    private final RunNotifier notifier = new RunNotifier();
    private final Map<String, Integer> left = new HashMap<>();
    private final Map<String, String> outcomes = new HashMap<>();
    private final Map<String, String> skippedBy = new HashMap<>();
    private final Map<String, Long> started = new HashMap<>();
    private final Set<String> begun = new LinkedHashSet<>();
    private boolean failed;
    private boolean stopped;

    JUnitTests(Channel channel, String className, String sourceFolder, PrintStream log) {
        this.channel = channel;
        this.className = className;
        this.sourceFolder = sourceFolder;
        this.log = log;
    }

    boolean failed() {
        return failed;
    }

    /** Run the class's tests; false when the supervisor stopped them. */
    boolean run(ClassLoader loader) throws IOException {
        notifier.addListener(this);
        try {
            Runner runner = runnerOf(loader.loadClass(className));
            count(runner.getDescription());
            collected(new ArrayList<>(left.keySet()));
            runner.run(notifier);
        } catch (StoppedByUserException error) { // by its own test, or the last one was what stopped it
            return false;
        } catch (UncheckedIOException error) {
            throw error.getCause();
        } catch (Throwable error) { // of the code under test: whatever it is, this class has no tests to run, or no more
            outside(error);
        }
        return !stopped;
    }

    /** As Ant and Defects4J choose it. */
    private static Runner runnerOf(Class<?> tests) throws Throwable {
        try {
            tests.getMethod("suite");
            return new SuiteMethod(tests);
        } catch (NoSuchMethodException none) {
            return TestCase.class.isAssignableFrom(tests) ? new JUnit38ClassRunner(tests) : Request.classWithoutSuiteMethod(tests).getRunner();
        }
    }

    private void count(Description description) {
        if (description.isTest()) {
            String id = id(description);
            left.put(id, left.getOrDefault(id, 0) + 1);
        }
        for (Description child : description.getChildren()) {
            count(child);
        }
    }

    /** Out of what a description is called, {@code method[parameters](class)}: old releases have no more to ask. */
    private String id(Description description) {
        String text = description.getDisplayName();
        int open = text.lastIndexOf('(');
        if (!isMethod(description)) {
            return className + "::initializationError";
        }
        return text.substring(open + 1, text.length() - 1) + "::" + text.substring(0, open).split("\\[", 2)[0];
    }

    private static boolean isMethod(Description description) {
        String text = description.getDisplayName();
        return description.isTest() && text.endsWith(")") && text.lastIndexOf('(') > 0;
    }

    private void outside(Throwable error) throws IOException {
        try {
            testFailure(new Failure(Description.createSuiteDescription(className), error));
        } catch (UncheckedIOException broken) {
            throw broken.getCause();
        }
    }

    @Override
    public synchronized void testStarted(Description description) {
        String id = id(description);
        started.putIfAbsent(id, System.nanoTime());
        if (begun.add(id)) {
            report(id, "setup", PASSED, "");
        }
    }

    @Override
    public synchronized void testFailure(Failure failure) {
        Description description = failure.getDescription();
        outcomes.put(id(description), FAILED);
        log(id(description), failure.getException());
        if (!isMethod(description) && !begun.contains(id(description))) { // a @BeforeClass, say: no test of its own will end
            failed = true;
            collected(Arrays.asList(id(description)));
            testStarted(description);
            testFinished(description);
        }
    }

    @Override
    public synchronized void testAssumptionFailure(Failure failure) {
        String id = id(failure.getDescription());
        outcomes.merge(id, SKIPPED, JUnitTests::worse);
        skippedBy.put(id, thrower(failure.getException()));
    }

    @Override
    public synchronized void testIgnored(Description description) {
        if (description.isTest()) {
            testStarted(description);
            outcomes.merge(id(description), SKIPPED, JUnitTests::worse);
            testFinished(description);
        }
    }

    @Override
    public synchronized void testFinished(Description description) {
        String id = id(description);
        int more = left.merge(id, -1, Integer::sum);
        if (more > 0) {
            return;
        }
        String outcome = outcomes.getOrDefault(id, PASSED);
        report(id, "call", outcome, skippedBy.getOrDefault(id, ""));
        report(id, "teardown", PASSED, "");
        if (outcome.equals(FAILED)) {
            failed = true;
            try {
                channel.tell("event", "failed");
                if (channel.hear().contains("stop")) {
                    stopped = true;
                    notifier.pleaseStop();
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    private static String worse(String one, String other) {
        return one.equals(FAILED) || other.equals(FAILED) ? FAILED : one.equals(SKIPPED) || other.equals(SKIPPED) ? SKIPPED : PASSED;
    }

    private void collected(List<String> ids) {
        try {
            channel.tell("event", "collected", "ids", ids, "xfail", new ArrayList<>());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void report(String id, String phase, String outcome, String raisedIn) {
        double took = phase.equals("call") ? (System.nanoTime() - started.getOrDefault(id, System.nanoTime())) / 1e9 : 0.0;
        try {
            channel.tell("event", "report", "id", id, "when", phase, "outcome", outcome, "xfail", false, "raised_in", raisedIn, "s", took);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** The source file that skips a test, if it is the program's: where the first frame outside of JUnit is. */
    private String thrower(Throwable error) {
        for (StackTraceElement frame : error.getStackTrace()) {
            String place = frame.getClassName();
            if (!place.startsWith("org.junit.") && !place.startsWith("junit.") && !place.startsWith("org.hamcrest.")) {
                int dot = place.lastIndexOf('.');
                return sourceFolder + "/" + (dot < 0 ? "" : place.substring(0, dot + 1).replace('.', '/')) + frame.getFileName();
            }
        }
        return "";
    }

    private void log(String id, Throwable error) {
        try {
            List<String> lines = new ArrayList<>(Arrays.asList("FAILED " + id, String.valueOf(error)));
            StackTraceElement[] frames = error.getStackTrace();
            for (int at = 0; at < Math.min(TRACE_LINES, frames.length); at++) {
                lines.add("    at " + frames[at]);
            }
            log.println(String.join("\n", lines));
        } catch (Throwable thrown) { // an exception of the code under test may throw when it is looked at
            log.println("FAILED " + id + ", with an exception that cannot be shown");
        }
    }
}
