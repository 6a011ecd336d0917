// Ruby with net/http, which looks for its proxy in http_proxy alone unless it is told.
// Must verify whatever a program that is loaded first may have set.
import type { Runtime } from '../runtime.ts';

const PROGRAM = `
uri, via = URI(ARGV[0]), URI(ENV['HTTPS_PROXY'])
user, word = [via.user, via.password].map { |part| part && URI.decode_www_form_component(part) }
http = Net::HTTP.new(uri.host, 443, via.hostname, via.port, user, word)
http.use_ssl = true
http.verify_mode = OpenSSL::SSL::VERIFY_PEER
print http.get('/').body
`;

/** Ruby. */
export const ruby: Runtime = {
  name: 'ruby',
  files: ['ruby'],
  probe: ({ url }) => ({ args: ['-rnet/http', '-e', PROGRAM, url], environment: { RUBYOPT: undefined } }),
  fix: 'SSL_CERT_FILE names a bundle with the CA',
};
