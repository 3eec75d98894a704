import Glibc
import RhoBindings
import RhoCore
import RhoTestSupport
import Testing

/// Every experiment has a smoke size, needs no data at it, and runs at it to its end.
@Suite(.serialized) struct ExperimentTests {
    static let folder = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/experiments"

    static var names: [String] { ((try? Files.list(folder)) ?? []).filter { $0.hasSuffix(".lua") }.sorted() }

    @Test func allAreListed() throws {
        let readme = try Files.readText("\(Self.folder)/README.md")
        #expect(Self.names.count > 10)
        for name in Self.names {
            #expect(readme.contains("[`\(name)`](\(name))"), "experiments/README.md lacks \(name)")
        }
    }

    @Test(arguments: names)
    func smoke(_ name: String) throws {
        let directory = try TemporaryDirectory()
        var options = HostOptions()
        options.script = "\(Self.folder)/\(name)"
        options.cacheDirectory = directory.file("cache")
        options.quiet = true
        let request = RunRequest(
            file: "\(Self.folder)/\(name)", assignments: ["preset=smoke"], out: directory.file("run"), json: true,
            quiet: true,
            progress: "none")
        let started = Clock.monotonicSeconds()
        let outcome = Host.runExperiment(options, request)
        #expect(outcome.status == 0, "\(outcome.message)")
        let document = try JSON.parse(outcome.document)
        #expect(document["table"] != nil && document["params"]?["preset"]?.stringValue == "smoke")
        print("\(name): \(Int(Clock.monotonicSeconds() - started)) s")
    }

    @Test func unknownPresetsAreNamed() throws {
        let directory = try TemporaryDirectory()
        var options = HostOptions()
        options.script = "\(Self.folder)/normaliser.lua"
        options.quiet = true
        let request = RunRequest(
            file: "\(Self.folder)/normaliser.lua", assignments: ["preset=smok"], out: directory.file("run"),
            quiet: true, progress: "none")
        let outcome = Host.runExperiment(options, request)
        #expect(outcome.status != 0)
        #expect(outcome.message.contains("there is no preset 'smok' (did you mean 'smoke'?)"), "\(outcome.message)")
    }
}
