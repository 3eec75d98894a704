import Glibc
import RhoCore

/// Names the program that computes: the executable, in which the Lua library is embedded, and the arithmetic that its
/// processor makes the libraries choose.
public enum EngineIdentity {
    /// Identity of the running program, found once per process.
    ///
    /// The executable is hashed when its file is not the one of the memo; nil where there is no executable to read.
    /// - Parameter arithmetic: instruction sets and BLAS kernels in use; sums are rounded otherwise with others.
    public static func current(arithmetic: String, memos: ContentMemo) -> String? {
        guard let hash = try? FileHash.memoised("/proc/self/exe", in: memos) else { return nil }
        return SHA256Hasher.hex(of: "\(hash) \(arithmetic)")
    }
}

extension Machine {
    /// Where relative paths start.
    public static var workingDirectory: String {
        guard let pointer = getcwd(nil, 0) else { return "." }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
