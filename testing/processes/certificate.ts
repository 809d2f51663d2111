import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { removeFolder, temporaryFolder } from '../temporary-folder.js'

export interface Certificate {
  key: string
  cert: string
}

/** A self-signed certificate for these names; it is its own authority. */
export async function selfSignedCertificate(names = ['IP:127.0.0.1', 'DNS:localhost']): Promise<Certificate> {
  const folder = await temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  try {
    const args = ['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=git-sync test']
    args.push('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1')
    args.push('-addext', `subjectAltName=${names.join(',')}`, '-keyout', key, '-out', cert)
    await promisify(execFile)('openssl', args)
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  } finally {
    await removeFolder(folder)
  }
}
