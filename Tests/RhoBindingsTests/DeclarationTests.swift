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

        /// Examples that return something stand alone: they run as they are printed.
        @Test func examplesRun() throws {
            let directory = try TemporaryDirectory()
            var options = HostOptions()
            options.cacheDirectory = directory.file("cache")
            options.quiet = true
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
