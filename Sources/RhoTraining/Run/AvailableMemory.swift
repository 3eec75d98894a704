import RhoCore
import RhoTensor

/// Memory that this process can still get.
public enum AvailableMemory {
    /// Bytes that the kernel would hand out without swapping, or that the control group has left, whichever is less, and
    /// what this process keeps for reuse; nil where neither is told.
    public static var bytes: Int? {
        [machine((try? Files.readText("/proc/meminfo")) ?? ""), group("/sys/fs/cgroup")].compactMap { $0 }.min()
            .map { min($0 + Storage.heldBytes - Storage.liveBytes, Storage.byteLimit - Storage.liveBytes) }
    }

    /// MemAvailable of /proc/meminfo.
    static func machine(_ text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let words = line.split(separator: " ")
            guard words.count > 1, let kibibytes = Int(words[1]) else { return nil }
            return kibibytes << 10
        }
        return nil
    }

    /// What a control group (version 2) allows beyond what it uses; nil without a limit.
    private static func group(_ directory: String) -> Int? {
        func number(_ name: String) -> Int? {
            (try? Files.readText("\(directory)/\(name)")).flatMap { Int($0.filter { $0 != "\n" }) }
        }
        guard let limit = number("memory.max"), let used = number("memory.current") else { return nil }
        return max(0, limit - used)
    }
}
