package repair.guest;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.TreeSet;

/**
 * What of a class file other classes are compiled against: its place among types, its members that are not private, the constants that are copied
 * into their users. Two files of the same shape can stand in for each other.
 */
final class ClassShape {

    private static final int PRIVATE = 0x0002;
    private static final int SYNTHETIC = 0x1000;
    private static final int VISIBLE_FLAGS = 0x669d; // public, protected, static, final, varargs, interface, abstract, annotation, enum

    private final DataInputStream in;
    private Object[] constants = {};

    private ClassShape(byte[] content) {
        in = new DataInputStream(new ByteArrayInputStream(content));
    }

    /** A text that is equal for equal shapes. */
    static String of(byte[] content) {
        try {
            return new ClassShape(content).read();
        } catch (IOException | RuntimeException error) {
            return "unreadable " + error;
        }
    }

    private String read() throws IOException {
        in.readInt();
        in.readInt();
        readConstants();
        TreeSet<String> facts = new TreeSet<>();
        StringBuilder head = new StringBuilder().append(in.readUnsignedShort() & VISIBLE_FLAGS).append(' ').append(className()).append(' ').append(className());
        for (int count = in.readUnsignedShort(); count > 0; count--) {
            facts.add("implements " + className());
        }
        readMembers("field", facts);
        readMembers("method", facts);
        head.append(attributes());
        return head.append('\n').append(String.join("\n", facts)).toString();
    }

    private void readConstants() throws IOException {
        constants = new Object[in.readUnsignedShort()];
        for (int at = 1; at < constants.length; at++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case 1:
                    constants[at] = in.readUTF();
                    break;
                case 3:
                case 4: // bits are compared, so that no two NaN differ
                    constants[at] = in.readInt();
                    break;
                case 5:
                case 6:
                    constants[at++] = in.readLong(); // takes two places
                    break;
                case 7:
                case 8:
                case 16:
                case 19:
                case 20:
                    constants[at] = new int[] {in.readUnsignedShort()};
                    break;
                case 15:
                    in.readUnsignedByte();
                    in.readUnsignedShort();
                    break;
                default:
                    in.readInt();
            }
        }
    }

    private Object constant(int index) {
        Object found = constants[index];
        return found instanceof int[] ? constants[((int[]) found)[0]] : found;
    }

    private String className() throws IOException {
        return String.valueOf(constant(in.readUnsignedShort()));
    }

    private void readMembers(String kind, TreeSet<String> facts) throws IOException {
        for (int count = in.readUnsignedShort(); count > 0; count--) {
            int flags = in.readUnsignedShort();
            String name = kind + " " + (flags & VISIBLE_FLAGS) + " " + constant(in.readUnsignedShort()) + " " + constant(in.readUnsignedShort());
            String about = attributes();
            if ((flags & (PRIVATE | SYNTHETIC)) == 0 && !name.contains(" <clinit> ")) {
                facts.add(name + about);
            }
        }
    }

    private String attributes() throws IOException {
        TreeSet<String> facts = new TreeSet<>();
        for (int count = in.readUnsignedShort(); count > 0; count--) {
            String name = String.valueOf(constant(in.readUnsignedShort()));
            byte[] content = new byte[in.readInt()];
            in.readFully(content);
            DataInputStream value = new DataInputStream(new ByteArrayInputStream(content));
            if (name.equals("ConstantValue") || name.equals("Signature")) {
                facts.add(name + " " + constant(value.readUnsignedShort()));
            } else if (name.equals("Exceptions")) {
                for (int thrown = value.readUnsignedShort(); thrown > 0; thrown--) {
                    facts.add("throws " + constant(value.readUnsignedShort()));
                }
            }
        }
        return " " + String.join(" ", facts);
    }
}
