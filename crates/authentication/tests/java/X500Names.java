import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;

/**
 * Prints the subject's X500Principal.getName() of each certificate on standard input (one a line, DER in hex), as the
 * hex of its UTF-8, or the word "error".
 */
public class X500Names {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String answer;
            try {
                byte[] der = HexFormat.of().parseHex(line);
                X509Certificate certificate =
                    (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der));
                String name = certificate.getSubjectX500Principal().getName();
                answer = HexFormat.of().formatHex(name.getBytes(StandardCharsets.UTF_8));
            } catch (Exception error) {
                answer = "error";
            }
            out.println(answer);
        }
        out.flush();
    }
}
