package repair.guest;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Folders and jars in the order in which they are searched. */
final class Places implements Closeable {

    final List<File> files;
    private final List<ZipFile> jars = new ArrayList<>();

    Places(List<File> files) throws IOException {
        this.files = files;
        for (File file : files) {
            jars.add(file.isFile() ? new ZipFile(file) : null);
        }
    }

    boolean has(String name) {
        for (int at = 0; at < files.size(); at++) {
            if (jars.get(at) == null ? new File(files.get(at), name).isFile() : jars.get(at).getEntry(name) != null) {
                return true;
            }
        }
        return false;
    }

    /** The content of a file; null when there is none of that name. */
    byte[] read(String name) throws IOException {
        for (int at = 0; at < files.size(); at++) {
            File file = new File(files.get(at), name);
            if (jars.get(at) == null && file.isFile()) {
                return Files.readAllBytes(file.toPath());
            }
            ZipEntry entry = jars.get(at) == null ? null : jars.get(at).getEntry(name);
            if (entry != null) {
                try (InputStream content = jars.get(at).getInputStream(entry)) {
                    return bytes(content);
                }
            }
        }
        return null;
    }

    /** Names in the folder of {@code name} that go on after it with a dollar sign: the classes nested in it. */
    Set<String> nested(String name) {
        Set<String> found = new TreeSet<>();
        String start = name.substring(name.lastIndexOf('/') + 1) + "$";
        String folder = name.substring(0, name.lastIndexOf('/') + 1);
        for (int at = 0; at < files.size(); at++) {
            String[] listed = jars.get(at) == null ? new File(files.get(at), folder).list() : null;
            for (String file : listed == null ? new String[0] : listed) {
                if (file.startsWith(start) && file.endsWith(".class")) {
                    found.add(folder + file);
                }
            }
        }
        return found;
    }

    /** Every plain file below a folder, by its path from there, in order. */
    static Set<String> below(File folder) {
        Set<String> found = new TreeSet<>();
        collect(folder, "", found);
        return found;
    }

    /** Delete every plain file below a folder. */
    static void clear(File folder) {
        for (String name : below(folder)) {
            new File(folder, name).delete();
        }
    }

    private static void collect(File folder, String path, Set<String> found) {
        File[] listed = folder.listFiles();
        for (File file : listed == null ? new File[0] : listed) {
            String name = path + file.getName();
            if (file.isDirectory()) {
                collect(file, name + "/", found);
            } else if (file.isFile()) {
                found.add(name);
            }
        }
    }

    private static byte[] bytes(InputStream content) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[8192];
        for (int count = content.read(chunk); count >= 0; count = content.read(chunk)) {
            all.write(chunk, 0, count);
        }
        return all.toByteArray();
    }

    @Override
    public void close() throws IOException {
        for (ZipFile jar : jars) {
            if (jar != null) {
                jar.close();
            }
        }
    }
}
