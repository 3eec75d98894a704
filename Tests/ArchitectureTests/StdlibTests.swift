import RhoCore
import RhoStdlib
import Testing

@Test("Every file of stdlib-lua/rho is an embedded module, under the name its path gives")
func embeddedModulesAreComplete() throws {
    let files = try SourceTree.files(under: "stdlib-lua/rho", suffix: ".lua")
    let names = files.map { path in
        let stem = String(Files.name(of: path).dropLast(4))
        return stem == "rho" ? "rho" : "rho." + stem
    }
    #expect(RhoStdlib.modules.map(\.name).sorted() == names.sorted())
    for module in RhoStdlib.modules {
        let stem = module.name == "rho" ? "rho" : String(module.name.dropFirst(4))
        #expect(module.source == (try Files.read(SourceTree.root + "/stdlib-lua/rho/\(stem).lua")), "\(module.name)")
    }
}
