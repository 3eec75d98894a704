import Glibc
import RhoCore
import RhoTensor

/// Tries inputs of one format, one after the other, under limits that a sound reader never meets.
struct FuzzWorker {
    let format: String
    let seed: UInt64
    let keep: String

    /// Seconds for one input.
    static let patience: UInt32 = 20
    /// Bytes of private memory for the process: a length that lies must not become an allocation.
    private static let memory = 1 << 30

    func run(_ range: Range<Int>) throws {
        guard let type = FuzzCatalog.all.first(where: { $0.name == format })?.type else { return }
        let board = try FuzzBoard.inherited()
        let folder = try ScratchDirectory()
        let target = try type.init(folder: folder.path)
        Storage.byteLimit = 256 << 20
        var limit = rlimit(rlim_cur: rlim_t(Self.memory), rlim_max: rlim_t(Self.memory))
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
        for index in range {
            board.index = index
            var random = FuzzRandom(seed: seed, index: index)
            let bytes = target.input(&random)
            alarm(Self.patience)
            do {
                try target.run(bytes)
            } catch let error as RhoError {
                board.refused += 1
                if let fault = Self.fault(in: error) { report(index, bytes, fault, board) }
            } catch let finding as Finding {
                report(index, bytes, finding.text, board)
            }
        }
        alarm(0)
    }

    /// What is wrong with an error's sentence.
    private static func fault(in error: RhoError) -> String? {
        if error.code == .internal { return "an internal error: \(error.message)" }
        if error.message.utf8.count > 4000 { return "an error of \(error.message.utf8.count) bytes" }
        return nil
    }

    private func report(_ index: Int, _ bytes: [UInt8], _ text: String, _ board: FuzzBoard) {
        board.findings += 1
        let path = "\(keep)/\(format)-\(seed)-\(index)"
        try? Files.makeDirectory(keep)
        try? Files.writeAtomically(path, bytes)
        print("\(format): input \(index) of seed \(seed): \(text.prefix(300)): \(path)")
        fflush(nil)
    }
}
