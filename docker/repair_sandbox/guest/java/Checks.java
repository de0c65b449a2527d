package repair.guest;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.BlockTree;
import com.sun.source.tree.CatchTree;
import com.sun.source.tree.ConditionalExpressionTree;
import com.sun.source.tree.ExpressionStatementTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.IfTree;
import com.sun.source.tree.LambdaExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewArrayTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.StatementTree;
import com.sun.source.tree.SwitchTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.TryTree;
import com.sun.source.tree.TypeCastTree;
import com.sun.source.tree.UnaryTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreeScanner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The ways to change one expectation of a test so that a right program fails it.
 *
 * <p>Values are changed where they stand, so that who reads the expected value out of the test returns the changed one and is found out; an expected
 * exception becomes another class, or its absence is expected. Only where that is not to be had, a check becomes its opposite.
 */
final class Checks extends TreeScanner<Void, Void> {

    /** One changed expectation. */
    static final class Change {
        /** Whether a forger passes the changed test; a check's opposite, or one that may not be reached, does not show one. */
        final boolean telling;
        /** Edits to make it, in several ways: the next where javac does not take one. */
        final List<List<Edit>> ways;

        Change(boolean telling, List<List<Edit>> ways) {
            this.telling = telling;
            this.ways = ways;
        }
    }

    private static final Map<String, String> OPPOSITES = new HashMap<>();
    private static final Pattern MESSAGE = Pattern.compile("(?i).*(msg|message|label|desc).*");
    private static final Pattern TOLERANCE = Pattern.compile("(?i)[-+.\\de]+[df]?|.*(delta|eps|tol|prec|accuracy).*");
    private static final Pattern HELPER = Pattern.compile("(?i)(assert|check|verify|test|expect|compare|ensure|fold|round|parse|same|equal|match).*");
    private static final Pattern DENYING = Pattern.compile("(?i).*(not|reject|refus|fail|invalid|without|unequal|differ|never|illegal|wrong|bad).*");
    private static final Pattern COMPARING = Pattern.compile("equals|equalsIgnoreCase|contains|containsKey|startsWith|endsWith|matches");
    private static final Pattern ADDS_UP = Pattern.compile("byte|char|short|int|long|float|double|String|Byte|Character|Short|Integer|Long|Float|Double|var");
    private static final Pattern MAKER = Pattern.compile("asList|of|valueOf|singleton|singletonList|newHashSet|newArrayList|is|equalTo|toString|parse.*|create.*|from.*|get");
    private static final List<String> EXCEPTIONS =
            Arrays.asList("java.util.EmptyStackException", "java.nio.BufferOverflowException", "java.util.zip.DataFormatException", "java.security.SignatureException");

    static {
        String[] pairs = {"assertTrue assertFalse", "assertNull assertNotNull", "assertSame assertNotSame", "assertEquals assertNotEquals"};
        for (String pair : pairs) {
            OPPOSITES.put(pair.split(" ")[0], pair.split(" ")[1]);
            OPPOSITES.put(pair.split(" ")[1], pair.split(" ")[0]);
        }
        OPPOSITES.remove("assertEquals"); // JUnit 3 has no other, and its value can be changed
    }

    private final Source source;
    private final Random chance;
    private final Set<String> helpers;
    private final Map<String, List<VariableTree>> variables = new HashMap<>();
    private final Map<String, Integer> reads = new HashMap<>();
    private final List<Change> found = new ArrayList<>();
    private int guarded;

    private Checks(Source source, Random chance, Set<String> helpers) {
        this.source = source;
        this.chance = chance;
        this.helpers = helpers;
    }

    /**
     * The changes of a test method, in the order of its text.
     *
     * @param helpers methods of the class that check something
     */
    static List<Change> of(MethodTree method, Source source, Random chance, Set<String> helpers) {
        Checks checks = new Checks(source, chance, helpers);
        checks.takeVariables(method);
        checks.expectedException(method);
        checks.scan(method.getBody(), null);
        return checks.found;
    }

    /** Whether a method checks anything itself. */
    static boolean check(MethodTree method) {
        Set<String> called = new HashSet<>();
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitMethodInvocation(MethodInvocationTree call, Void nothing) {
                called.add(name(call));
                return super.visitMethodInvocation(call, nothing);
            }
        }.scan(method.getBody(), null);
        for (String name : called) {
            if (name.startsWith("assert") || name.equals("fail") || name.equals("verify")) {
                return true;
            }
        }
        return false;
    }

    static String name(MethodInvocationTree call) {
        ExpressionTree method = call.getMethodSelect();
        return method instanceof MemberSelectTree ? ((MemberSelectTree) method).getIdentifier().toString() : method.toString();
    }

    // --- what may not be reached -----------------------------------------------------------------------------------------------------------

    private Void inside(Runnable visit) {
        guarded++;
        visit.run();
        guarded--;
        return null;
    }

    @Override
    public Void visitLambdaExpression(LambdaExpressionTree node, Void nothing) {
        return inside(() -> super.visitLambdaExpression(node, nothing));
    }

    @Override
    public Void visitNewClass(NewClassTree node, Void nothing) {
        return node.getClassBody() == null ? super.visitNewClass(node, nothing) : inside(() -> super.visitNewClass(node, nothing));
    }

    @Override
    public Void visitIf(IfTree node, Void nothing) {
        return inside(() -> super.visitIf(node, nothing));
    }

    @Override
    public Void visitSwitch(SwitchTree node, Void nothing) {
        return inside(() -> super.visitSwitch(node, nothing));
    }

    @Override
    public Void visitCatch(CatchTree node, Void nothing) {
        return inside(() -> super.visitCatch(node, nothing));
    }

    // --- checks ----------------------------------------------------------------------------------------------------------------------------

    /** `try { ...; fail(); } catch (X expected) { }`: the failure moves to where the exception arrives. */
    @Override
    public Void visitTry(TryTree node, Void nothing) {
        StatementTree fail = failIn(node.getBlock());
        if (fail == null || node.getCatches().isEmpty()) {
            return super.visitTry(node, nothing);
        }
        List<Edit> edits = new ArrayList<>();
        edits.add(new Edit(source.start(fail), source.end(fail), ";"));
        for (CatchTree one : node.getCatches()) {
            int inside = source.start(one.getBlock()) + 1;
            edits.add(new Edit(inside, inside, " " + source.text(fail)));
        }
        add(true, edits);
        return super.visitTry(node, nothing);
    }

    private static StatementTree failIn(BlockTree block) {
        for (StatementTree statement : block.getStatements()) {
            if (statement instanceof ExpressionStatementTree) {
                ExpressionTree expression = ((ExpressionStatementTree) statement).getExpression();
                if (expression instanceof MethodInvocationTree && name((MethodInvocationTree) expression).equals("fail")) {
                    return statement;
                }
            }
        }
        return null;
    }

    /** `@Test(expected = X.class)`. */
    private void expectedException(MethodTree method) {
        for (AnnotationTree annotation : method.getModifiers().getAnnotations()) {
            for (ExpressionTree argument : annotation.getArguments()) {
                if (argument instanceof AssignmentTree && ((AssignmentTree) argument).getVariable().toString().equals("expected")) {
                    add(true, otherClass(((AssignmentTree) argument).getExpression()));
                }
            }
        }
    }

    private List<Edit> otherClass(ExpressionTree literal) {
        String other = EXCEPTIONS.get(chance.nextInt(EXCEPTIONS.size()));
        String simple = literal.toString().replaceAll("\\.class$", "").replaceAll(".*\\.", "");
        if (other.endsWith("." + simple)) {
            other = EXCEPTIONS.get((EXCEPTIONS.indexOf(other) + 1) % EXCEPTIONS.size());
        }
        return Collections.singletonList(new Edit(source.start(literal), source.end(literal), other + ".class"));
    }

    @Override
    public Void visitExpressionStatement(ExpressionStatementTree node, Void nothing) {
        if (node.getExpression() instanceof MethodInvocationTree) {
            MethodInvocationTree call = (MethodInvocationTree) node.getExpression();
            String name = name(call);
            boolean chained = call.getMethodSelect().toString().matches("(?s).*\\b(assertThat|verify)\\(.*");
            boolean own = !(call.getMethodSelect() instanceof MemberSelectTree) && (helpers.contains(name) || HELPER.matcher(name).matches());
            if (!name.startsWith("assert") && !name.equals("fail")) {
                if (name.startsWith("expect") && !call.getArguments().isEmpty() && call.getArguments().get(0).toString().endsWith(".class")) {
                    add(true, otherClass(call.getArguments().get(0)));
                } else if (chained && !name.matches("isNot.*|doesNot.*|never.*") || own || name.startsWith("expectMessage")) {
                    helperCall(call);
                }
            }
        }
        return super.visitExpressionStatement(node, nothing);
    }

    /** A value handed to what checks it, the last of them: it is what is expected more often than not. */
    private void helperCall(MethodInvocationTree call) {
        List<? extends ExpressionTree> arguments = call.getArguments();
        for (int at = arguments.size() - 1; at >= 0; at--) {
            List<Edit> edits = changedInside(arguments.get(at), true);
            if (!edits.isEmpty()) {
                boolean handed = arguments.size() > 1 || call.getMethodSelect() instanceof MemberSelectTree; // else it is what is looked at
                add(handed && !DENYING.matcher(name(call)).matches(), edits);
                return;
            }
        }
    }

    @Override
    public Void visitMethodInvocation(MethodInvocationTree call, Void nothing) {
        String name = name(call);
        List<? extends ExpressionTree> arguments = call.getArguments();
        if (name.startsWith("assert") && !arguments.isEmpty()) {
            if (OPPOSITES.containsKey(name)) {
                condition(name, call);
            } else if (name.equals("assertThrows")) {
                for (ExpressionTree argument : arguments) {
                    if (argument.toString().endsWith(".class")) {
                        add(true, otherClass(argument));
                    }
                }
            } else if (name.equals("assertThat")) {
                if (arguments.size() > 1 && !arguments.get(arguments.size() - 1).toString().matches("(?s).*\\bnot\\(.*")) {
                    addIfAny(changedInside(arguments.get(arguments.size() - 1), true));
                }
            } else if (name.matches("assert(Array)?Equals") && arguments.size() > 1) {
                equality(arguments, name.contains("Array"));
            } else if (!name.contains("Not")) {
                helperCall(call);
            }
        }
        return super.visitMethodInvocation(call, nothing);
    }

    private void condition(String name, MethodInvocationTree call) {
        ExpressionTree condition = call.getArguments().get(call.getArguments().size() - 1);
        if (name.equals("assertTrue")) {
            addIfAny(changedComparison(condition));
        }
        int end = source.end(call.getMethodSelect());
        boolean alone = !(call.getMethodSelect() instanceof MemberSelectTree) && source.text.contains("import static org.junit.Assert." + name + ";");
        String opposite = (alone ? "org.junit.Assert." : "") + OPPOSITES.get(name); // which may not be imported
        add(false, Collections.singletonList(new Edit(end - name.length(), end, opposite)));
    }

    /** In a condition that is to hold: what something is compared with. */
    private List<Edit> changedComparison(ExpressionTree condition) {
        if (condition instanceof ParenthesizedTree) {
            return changedComparison(((ParenthesizedTree) condition).getExpression());
        }
        if (condition instanceof BinaryTree) {
            BinaryTree both = (BinaryTree) condition;
            if (both.getKind() == Tree.Kind.CONDITIONAL_AND) {
                List<Edit> left = changedComparison(both.getLeftOperand());
                return left.isEmpty() ? changedComparison(both.getRightOperand()) : left;
            }
            if (both.getKind() == Tree.Kind.EQUAL_TO) {
                List<Edit> right = changedInside(both.getRightOperand(), true);
                return right.isEmpty() ? changedInside(both.getLeftOperand(), true) : right;
            }
        }
        if (condition instanceof MethodInvocationTree && COMPARING.matcher(name((MethodInvocationTree) condition)).matches()) {
            MethodInvocationTree call = (MethodInvocationTree) condition;
            List<Edit> argument = call.getArguments().isEmpty() ? new ArrayList<>() : changedInside(call.getArguments().get(0), true);
            boolean onLiteral = argument.isEmpty() && call.getMethodSelect() instanceof MemberSelectTree;
            return onLiteral ? changedInside(((MemberSelectTree) call.getMethodSelect()).getExpression(), true) : argument;
        }
        return new ArrayList<>();
    }

    private void equality(List<? extends ExpressionTree> arguments, boolean arrays) {
        boolean message = arguments.size() > 3 || arguments.size() == 3 && startsWithMessage(arguments);
        ExpressionTree expected = arguments.get(message ? 1 : 0);
        ExpressionTree actual = arguments.get(message ? 2 : 1);
        if (changedInside(expected, true).isEmpty() && !changedInside(actual, true).isEmpty()) {
            expected = actual;
        }
        List<List<Edit>> ways = new ArrayList<>();
        List<Edit> inside = changedInside(expected, true);
        List<Edit> deeper = changedInside(expected, false);
        if (!inside.isEmpty()) {
            ways.add(inside);
        }
        int start = source.start(expected);
        int end = source.end(expected);
        String value = "(" + source.text(expected) + ")";
        if (arrays) {
            ways.add(Collections.singletonList(new Edit(start, end, "java.util.Arrays.copyOf(" + value + ", 1 + " + value + ".length)")));
        } else if (!isObject(expected)) {
            ways.add(Collections.singletonList(new Edit(start, end, value + " + 1"))); // of numbers and of texts
        }
        if (!deeper.isEmpty()) {
            ways.add(deeper);
        }
        ways.add(Collections.singletonList(new Edit(start, end, "new Object()")));
        found.add(new Change(guarded == 0, ways));
    }

    /** Whether a value is surely neither a number nor a text, as far as its declaration in this file tells: one can be added to those alone. */
    private boolean isObject(ExpressionTree value) {
        switch (value.getKind()) {
            case NULL_LITERAL:
            case NEW_ARRAY:
                return true;
            case NEW_CLASS:
                return !ADDS_UP.matcher(((NewClassTree) value).getIdentifier().toString()).matches();
            case MEMBER_SELECT:
                return value.toString().matches("(?s).*\\.class|Boolean\\.(TRUE|FALSE)");
            case IDENTIFIER:
                Set<String> types = source.types().getOrDefault(value.toString(), Collections.<String>emptySet());
                for (String type : types) {
                    if (ADDS_UP.matcher(type).matches()) {
                        return false;
                    }
                }
                return !types.isEmpty();
            default:
                return false;
        }
    }

    private static boolean startsWithMessage(List<? extends ExpressionTree> arguments) {
        String first = arguments.get(0).toString();
        if (first.startsWith("\"") || arguments.get(0) instanceof BinaryTree && first.contains("\"")) {
            return true;
        }
        return MESSAGE.matcher(first).matches() || !TOLERANCE.matcher(arguments.get(2).toString()).matches();
    }

    // --- values ----------------------------------------------------------------------------------------------------------------------------

    /**
     * Edits that give an expression another value by changing a literal; none when there is no such literal.
     *
     * @param direct only literals that the value is made of, not those that something is looked up with
     */
    private List<Edit> changedInside(ExpressionTree expression, boolean direct) {
        List<LiteralTree> literals = new ArrayList<>();
        literalsIn(expression, direct, literals);
        List<Edit> edits = new ArrayList<>();
        while (!literals.isEmpty() && edits.isEmpty()) {
            LiteralTree literal = literals.remove(chance.nextInt(literals.size()));
            String other = Literals.other(source.text(literal), chance);
            if (other != null) {
                edits.add(new Edit(source.start(literal), source.end(literal), other));
            }
        }
        return edits;
    }

    private void literalsIn(Tree node, boolean direct, List<LiteralTree> literals) {
        if (node instanceof LiteralTree) {
            literals.add((LiteralTree) node);
        } else if (node instanceof ParenthesizedTree) {
            literalsIn(((ParenthesizedTree) node).getExpression(), direct, literals);
        } else if (node instanceof UnaryTree) {
            literalsIn(((UnaryTree) node).getExpression(), direct, literals);
        } else if (node instanceof TypeCastTree) {
            literalsIn(((TypeCastTree) node).getExpression(), direct, literals);
        } else if (node instanceof BinaryTree) {
            literalsIn(((BinaryTree) node).getLeftOperand(), direct, literals);
            literalsIn(((BinaryTree) node).getRightOperand(), direct, literals);
        } else if (node instanceof NewArrayTree && ((NewArrayTree) node).getInitializers() != null) {
            for (ExpressionTree item : ((NewArrayTree) node).getInitializers()) {
                literalsIn(item, direct, literals);
            }
        } else if (node instanceof NewClassTree && ((NewClassTree) node).getClassBody() == null) {
            for (ExpressionTree item : ((NewClassTree) node).getArguments()) {
                literalsIn(item, direct, literals);
            }
        } else if (node instanceof ConditionalExpressionTree && !direct) {
            literalsIn(((ConditionalExpressionTree) node).getTrueExpression(), false, literals);
            literalsIn(((ConditionalExpressionTree) node).getFalseExpression(), false, literals);
        } else if (node instanceof MethodInvocationTree && (!direct || MAKER.matcher(name((MethodInvocationTree) node)).matches())) {
            for (ExpressionTree item : ((MethodInvocationTree) node).getArguments()) {
                literalsIn(item, direct, literals);
            }
        } else if (node instanceof IdentifierTree) {
            literalsOfVariable(node.toString(), direct, literals);
        }
    }

    /** A variable that is read once is changed where it gets its value. */
    private void literalsOfVariable(String name, boolean direct, List<LiteralTree> literals) {
        List<VariableTree> declared = variables.getOrDefault(name, new ArrayList<>());
        if (declared.size() == 1 && reads.getOrDefault(name, 0) == 1 && declared.get(0).getInitializer() != null) {
            reads.put(name, 2); // not to come here again from its own value
            literalsIn(declared.get(0).getInitializer(), direct, literals);
            reads.put(name, 1);
        }
    }

    private void takeVariables(MethodTree method) {
        new TreeScanner<Void, Void>() {
            @Override
            public Void visitVariable(VariableTree node, Void nothing) {
                variables.computeIfAbsent(node.getName().toString(), name -> new ArrayList<>()).add(node);
                return super.visitVariable(node, nothing);
            }

            @Override
            public Void visitIdentifier(IdentifierTree node, Void nothing) {
                reads.merge(node.getName().toString(), 1, Integer::sum);
                return super.visitIdentifier(node, nothing);
            }
        }.scan(method.getBody(), null);
    }

    private void addIfAny(List<Edit> edits) {
        if (!edits.isEmpty()) {
            add(true, edits);
        }
    }

    private void add(boolean telling, List<Edit> edits) {
        found.add(new Change(telling && guarded == 0, Collections.singletonList(edits)));
    }
}
