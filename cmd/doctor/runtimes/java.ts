// Java, with the store of the JDK that is first in PATH. It reads no variable of ours.
// Must not need more than a JDK 11: the program is run from its source.
import type { Runtime } from '../runtime.ts';

const PROGRAM = `import java.net.*;

public class Probe {
  public static void main(String[] words) throws Exception {
    URI via = new URI(System.getenv("HTTPS_PROXY"));
    if (via.getUserInfo() != null) {
      String[] user = via.getUserInfo().split(":", 2);
      Authenticator.setDefault(new Authenticator() {
        protected PasswordAuthentication getPasswordAuthentication() {
          return new PasswordAuthentication(user[0], user[1].toCharArray());
        }
      });
    }
    Proxy proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(via.getHost(), via.getPort()));
    System.out.print(new String(new URL(words[0]).openConnection(proxy).getInputStream().readAllBytes(), "UTF-8"));
  }
}
`;

/** Java. */
export const java: Runtime = {
  name: 'java',
  files: ['java'],
  probe: ({ url }) => ({
    args: ['-Djdk.http.auth.tunneling.disabledSchemes=', 'Probe.java', url],
    file: { name: 'Probe.java', text: PROGRAM },
  }),
  fix: 'sallyport ca install puts the CA into the JDK’s cacerts; or start Java with -Djavax.net.ssl.trustStore',
  // A cold start that compiles.
  timeoutMs: 30_000,
};
