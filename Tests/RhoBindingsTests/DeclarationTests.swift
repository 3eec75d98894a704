import Glibc
import LuaRuntime
import RhoBindings
import RhoCore
import RhoTestSupport
import Testing

/// The declarations themselves: whole, documented, true.
extension SurfaceTests {
    @Suite(.serialized) struct Declarations {
        private func catalog() throws -> LuaCatalog {
            let host = try ScriptHost(HostOptions()) { _ in }
            _ = try host.state.require("rho")
            return host.state.catalog
        }

        @Test func everythingIsDocumented() throws {
            let catalog = try catalog()
            for function in catalog.functions + catalog.classes.flatMap(\.methods) {
                #expect(function.doc.count > 4, "\(function.name) has no doc")
                #expect(
                    function.doc.hasSuffix(".") || function.doc.hasSuffix(")."), "\(function.name): '\(function.doc)'")
                for field in function.parameters { #expect(!field.doc.isEmpty, "\(function.name): \(field.name)") }
            }
            for record in catalog.records {
                for field in record.fields { #expect(!field.doc.isEmpty, "\(record.name): \(field.name)") }
            }
        }

        @Test func everyNamedRecordAndClassExists() throws {
            let catalog = try catalog()
            let classes = Set(catalog.classes.map(\.name))
            func check(_ type: LuaType, _ place: String) {
                switch type {
                case .object(let name) where !name.hasPrefix("rho."):
                    #expect(classes.contains(name), "\(place): class \(name)")
                case .options(let name): #expect(catalog.record(name) != nil, "\(place): record \(name)")
                case .list(let inner), .map(let inner): check(inner, place)
                case .anyOf(let types): for type in types { check(type, place) }
                default: break
                }
            }
            for function in catalog.functions + catalog.classes.flatMap(\.methods) {
                for field in function.parameters { check(field.type, "\(function.name): \(field.name)") }
                for result in function.returns { check(result.type, function.name) }
            }
            for record in catalog.records {
                for field in record.fields { check(field.type, "\(record.name): \(field.name)") }
            }
        }

        /// Files that examples name.
        private static let files = [
            ("train.jsonl.gz", "{\"question\": \"3+4?\", \"solution\": \"7\"}\n"), ("books/a.txt", "One.\n\n\nTwo.\n"),
            (
                "data/eval/arc_easy.jsonl",
                "{\"question\": \"2+2?\", \"choices\": [\"3\", \"4\"], \"answer\": 1, \"id\": \"a\"}\n"
            ),
            ("data/gsm8k/test.jsonl", "{\"question\": \"2+2?\", \"solution\": \"2+2=4\", \"answer\": \"4\"}\n"),
            (
                "data/gsm8k/train.jsonl.gz",
                (1...5).map {
                    "{\"question\": \"1+\($0)?\", \"solution\": \"1+\($0)=\($0 + 1)\", \"answer\": \"\($0 + 1)\"}\n"
                }
                .joined()
            ),
        ]

        /// The examples of the manual run as they are printed, after `examples.lua` has made what they take for granted.
        @Test func examplesRun() throws {
            let directory = try TemporaryDirectory()
            var options = HostOptions()
            options.cacheDirectory = directory.file("cache")
            options.quiet = true
            options.script = directory.file("examples.lua")
            for (name, text) in Self.files { _ = try directory.write(name, text) }
            setenv("RHO_TEST_DIR", directory.path, 1)
            let host = try ScriptHost(options) { _ in }
            let prelude = try Files.readText(SurfaceTests.LuaSuites.folder + "/examples.lua")
            _ = try host.state.run(source: prelude, chunkName: "examples.lua")
            for function in try catalog().functions + catalog().classes.flatMap(\.methods) {
                guard let example = function.example else { continue }
                do {
                    _ = try host.state.run(source: example, chunkName: function.name)
                } catch {
                    Issue.record("\(function.name): \(error)")
                }
            }
        }
    }
}
