import Glibc
import RhoBindings
import RhoCore
import RhoTestSupport
import Testing

/// Every experiment that has a smoke size runs at it, to its end.
@Suite(.serialized) struct ExperimentTests {
    static let folder = Files.parent(of: Files.parent(of: Files.parent(of: #filePath))) + "/experiments"

    /// Experiments on the shared setting have presets; the others need data that may not be there.
    static var names: [String] {
        ((try? Files.list(folder)) ?? []).filter { name in
            name.hasSuffix(".lua") && ((try? Files.readText("\(folder)/\(name)"))?.contains("words.params") ?? false)
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
