import Espalier
import Foundation
import Glibc
import Synchronization

/// What happens where the program is ended from outside.
enum Interruption {
  /// Files that are being written.
  private static let outputs = Mutex<[String]>([])

  /// Removes what is unfinished of a file, should a signal end the program.
  static func willWrite(_ path: String) { outputs.withLock { $0.append(path) } }

  /// Has signals that end the program handled by a thread of their own, which may do what a signal
  /// handler may not; call it before there are other threads. A mapped file that another program
  /// shortens ends it with a message.
  static func prepare() {
    endOnLostPages()
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    var any = false
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var present = sigaction()
      // Who started the program may have it ignore a signal.
      let found = unsafe sigaction(number, nil, &present)
      let isIgnored =
        unsafe found == 0
        && unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self)
          == unsafeBitCast(SIG_IGN, to: Int.self)
      guard !isIgnored else { continue }
      unsafe sigaddset(&signals, number)
      any = true
    }
    guard any, unsafe pthread_sigmask(SIG_BLOCK, &signals, nil) == 0 else { return }
    let waited = unsafe signals
    Thread.detachNewThread {
      var waited = unsafe waited
      var number: Int32 = 0
      guard unsafe sigwait(&waited, &number) == 0 else { return }
      outputs.withLock { $0.forEach(OutputFiles.sweepOwn(beside:)) }
      _ = signal(number, SIG_DFL)
      unsafe pthread_sigmask(SIG_UNBLOCK, &waited, nil)
      raise(number)
    }
  }

  /// Of a file that became shorter while it is mapped, the pages beyond its end are gone.
  private static func endOnLostPages() {
    _ = signal(SIGBUS) { _ in
      let text: StaticString =
        "a file became shorter while it was read; replace files by renaming others over them\n"
      _ = unsafe Glibc.write(2, text.utf8Start, text.utf8CodeUnitCount)
      _exit(ExitCodes.inputOutput.rawValue)
    }
  }
}
