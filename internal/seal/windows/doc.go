// Package windows holds the program that takes identities, keys and traces of the
// build out of a Windows guest, with the report of package seal.
//
// The rules it decides:
//
//   - One PowerShell program, one execution. It is run from memory, never as a file,
//     and only if it is, byte by byte, the one that was sent: [Launcher] knows its hash.
//     So a program that arrives cut off, or that somebody has changed on its way
//     through a folder, does nothing.
//   - Every operation is one fragment in ops/ with two functions: seal-NAME removes
//     and check-NAME looks again. A failed one never stops the others.
//   - The communicator stays alive. WinRM is not touched, nor what generalizing alone
//     can do: the functions in later/ find what of that there is, and the report
//     hands it to the step that runs sysprep.
//   - Links are not followed, since users put them where the seal removes as an
//     administrator.
//   - What a process holds open stays and is a warning; where it may be a secret, it is
//     a failure.
//   - A template's value reaches PowerShell through package powershell alone.
//   - What must not stand in the image is not sent either, since PowerShell and Windows
//     may log programs and command lines: the guest gets two bits of each byte and a
//     hash, and searches by these.
//   - The patterns of secrets are those of package seal, which Go turns into .NET's.
//
// It opens no connection, does not know Packer, and does not run sysprep.
package windows
