package repair.guest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** A piece of a text replaced by another. */
final class Edit {

    final int start;
    final int end;
    final String text;

    Edit(int start, int end, String text) {
        this.start = start;
        this.end = end;
        this.text = text;
    }

    /** The part of a text from one place to another after edits that do not overlap. */
    static String apply(String text, int start, int end, List<Edit> edits) {
        List<Edit> ordered = new ArrayList<>(edits);
        Collections.sort(ordered, Comparator.comparingInt(edit -> edit.start));
        StringBuilder changed = new StringBuilder();
        int at = start;
        for (Edit edit : ordered) {
            changed.append(text, at, edit.start).append(edit.text);
            at = edit.end;
        }
        return changed.append(text, at, end).toString();
    }
}
