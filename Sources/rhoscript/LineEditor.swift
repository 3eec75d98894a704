import CEdit
import Glibc
import RhoBindings
import RhoCore

/// Reads lines from the terminal with history and completion (libedit).
final class LineEditor {
    /// What could stand at the cursor.
    struct Offer {
        var words: [String]
        /// Whether file names are offered where there is no word.
        var files: Bool
    }

    enum Input {
        case line(String)
        case interrupted
        case end
    }

    private let history: String?
    /// libedit calls a C function without context, so the one editor of the process is known by a variable.
    nonisolated(unsafe) private static var complete: (_ word: String, _ line: String) -> Offer = { _, _ in
        Offer(words: [], files: false)
    }

    /// - Parameters:
    ///   - history: file of earlier lines; nil for none.
    ///   - complete: what could complete a word, given the line up to the cursor.
    init(history: String?, complete: @escaping (_ word: String, _ line: String) -> Offer) {
        self.history = history
        Self.complete = complete
        Keyboard.begin()
        rho_edit_begin({ word, start, end in LineEditor.matches(word, end) }, { _ in Keyboard.character() })
        using_history()
        stifle_history(5000)
        if let history { _ = read_history(history) }
    }

    func read(_ prompt: String) -> Input {
        Host.clearInterrupt()
        return Keyboard.holdingInterrupts {
            guard let line = readline(prompt) else {
                guard Host.interruptRequested else { return .end }
                Terminal.writeOut("\n")
                // A second Ctrl-C that waits is a first one again.
                Host.clearInterrupt()
                return .interrupted
            }
            defer { free(line) }
            return .line(String(cString: line))
        }
    }

    /// Adds a line to the history, in memory and on the disk.
    func remember(_ line: String) {
        add_history(line)
        guard let history else { return }
        // A history that cannot be written is no reason to stop working.
        try? Files.makeDirectory(Files.parent(of: history))
        _ = write_history(history)
    }

    /// The list that libedit wants: what all words begin with, the words, a null pointer; all of it freed by libedit.
    private static func matches(
        _ word: UnsafePointer<CChar>?, _ end: Int32
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        guard let word else { return nil }
        let line = String(
            decoding: UnsafeBufferPointer(start: rho_edit_line(), count: Int(end)).map(UInt8.init(bitPattern:)),
            as: UTF8.self)
        let offer = complete(String(cString: word), line)
        if !offer.files { rho_edit_no_files() }
        rho_edit_after_word(0)
        guard let first = offer.words.first else { return nil }
        let common = offer.words.dropFirst().reduce(first) { String(zip($0, $1).prefix { $0 == $1 }.map(\.0)) }
        let list = [common] + offer.words
        let size = MemoryLayout<UnsafeMutablePointer<CChar>?>.stride
        guard let memory = malloc((list.count + 1) * size) else { return nil }
        let pointers = memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: list.count + 1)
        for (index, text) in list.enumerated() { pointers[index] = strdup(text) }
        pointers[list.count] = nil
        return pointers
    }
}
