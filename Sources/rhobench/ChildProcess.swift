import Foundation
import RhoCore

/// A program that is run for its output.
enum ChildProcess {
    /// Runs a program and reads its output as one JSON value.
    /// - Throws: `.io` where it fails; what it says on stderr is the terminal's.
    static func json(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> JSON {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw RhoError(
                .io, "\(program) \(arguments.joined(separator: " ")) failed with status \(process.terminationStatus)")
        }
        return try JSON.parse(String(decoding: data, as: UTF8.self))
    }
}
