import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * For each line "pattern replacement text" on standard input (each in hex of UTF-8): the text with all matches
 * replaced, if the pattern matches it as a whole; else "no"; or "error".
 */
public class JavaRegex {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split(" ", -1);
            String answer;
            try {
                Matcher matcher = Pattern.compile(text(parts[0])).matcher(text(parts[2]));
                answer = matcher.matches()
                    ? HexFormat.of().formatHex(matcher.replaceAll(text(parts[1])).getBytes(StandardCharsets.UTF_8))
                    : "no";
            } catch (Exception error) {
                answer = "error";
            }
            out.println(answer);
        }
        out.flush();
    }

    private static String text(String hex) {
        return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
    }
}
