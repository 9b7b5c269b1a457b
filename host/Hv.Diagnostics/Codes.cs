namespace Hv.Diagnostics;

/// <summary>The codes of all mistakes that the host reports. A code keeps its meaning for ever; docs/errors.md explains
/// each. HV0xxx belong to the analyzers of the SDK, HV1xxx to files and values, HV2xxx to plugins, HV3xxx to the
/// command line and the run, HV4xxx to guests that Hv fetches.</summary>
public static class Codes
{
    /// <summary>A file cannot be read.</summary>
    public const string FileUnreadable = "HV1001";
    /// <summary>The text is not JSON.</summary>
    public const string MalformedJson = "HV1002";
    /// <summary>An object has a key that means nothing there.</summary>
    public const string UnknownKey = "HV1003";
    /// <summary>A value is of the wrong JSON type.</summary>
    public const string WrongType = "HV1004";
    /// <summary>A key that must be there is not.</summary>
    public const string MissingKey = "HV1005";
    /// <summary>A key stands twice in one object.</summary>
    public const string DuplicateKey = "HV1006";
    /// <summary>A text is not of its type: a size, a duration, a number…</summary>
    public const string BadValue = "HV1101";
    /// <summary>A number, size or duration is out of its range.</summary>
    public const string OutOfRange = "HV1102";
    /// <summary>A text is none of the choices.</summary>
    public const string NotAChoice = "HV1103";
    /// <summary>An option that the thing does not have.</summary>
    public const string UnknownOption = "HV1104";
    /// <summary>An option that must be given is not.</summary>
    public const string MissingOption = "HV1105";
    /// <summary>No installed plugin provides the name.</summary>
    public const string UnknownName = "HV1106";
    /// <summary>Two settings contradict each other.</summary>
    public const string Contradiction = "HV1107";
    /// <summary>The board, a device or a backend refused its options.</summary>
    public const string Refused = "HV1108";
    /// <summary>A fault addresses nothing in the machine, or nothing that it can break.</summary>
    public const string NoFaultSite = "HV1109";
    /// <summary>A fault waits for a state that nothing shows.</summary>
    public const string NoFaultState = "HV1110";

    /// <summary>plugins.json names a folder that is not there or holds no plugin.json.</summary>
    public const string PluginMissing = "HV2001";
    /// <summary>A plugin.json is not a manifest.</summary>
    public const string BadManifest = "HV2002";
    /// <summary>A plugin was built for an SDK that this host does not have.</summary>
    public const string WrongSdk = "HV2003";
    /// <summary>The assembly that the manifest names is not there.</summary>
    public const string AssemblyMissing = "HV2004";
    /// <summary>The assembly is not one.</summary>
    public const string AssemblyCorrupt = "HV2005";
    /// <summary>The plugin's folder holds a copy of Hv.Sdk.dll.</summary>
    public const string OwnSdkCopy = "HV2006";
    /// <summary>The assembly holds no class with an attribute of the SDK.</summary>
    public const string ExportsNothing = "HV2007";
    /// <summary>Two classes or two entries of one plugin have one name.</summary>
    public const string NameTwice = "HV2008";
    /// <summary>A constructor threw.</summary>
    public const string ConstructorThrew = "HV2009";
    /// <summary>A constructor wants something that the host does not give.</summary>
    public const string UnsatisfiedImport = "HV2010";
    /// <summary>The manifest and the attributes differ.</summary>
    public const string ManifestMismatch = "HV2011";
    /// <summary>Two plugins provide one name.</summary>
    public const string NameInTwoPlugins = "HV2012";
    /// <summary>The isolation that was asked for cannot be had.</summary>
    public const string IsolationUnavailable = "HV2013";
    /// <summary>Two plugins have one id.</summary>
    public const string IdTwice = "HV2014";
    /// <summary>A type or an assembly that the plugin needs cannot be loaded.</summary>
    public const string DependencyMissing = "HV2015";
    /// <summary>The plugin that provides the name is switched off in plugins.json.</summary>
    public const string PluginDisabled = "HV2016";
    /// <summary>The plugin threw where its contract allows it not.</summary>
    public const string PluginThrew = "HV2017";
    /// <summary>The plugin does not return from a call.</summary>
    public const string PluginHung = "HV2018";

    /// <summary>A plugin's code cannot be replaced under the running guest; the code that ran goes on.</summary>
    public const string NotReplaceable = "HV2019";
    /// <summary>A plugin is not the one that plugins.json pins.</summary>
    public const string PinMismatch = "HV2020";
    /// <summary>A package of a plugin cannot be unpacked.</summary>
    public const string BadPluginPackage = "HV2021";
    /// <summary>A plugin of that id is installed already.</summary>
    public const string AlreadyInstalled = "HV2022";
    /// <summary>The list that is to be changed does not have the plugin.</summary>
    public const string NotInList = "HV2023";
    /// <summary>A plugin uses experimental contracts of another minor version of the SDK.</summary>
    public const string ExperimentalContracts = "HV2025";

    /// <summary>The command line is not understood.</summary>
    public const string BadUsage = "HV3001";
    /// <summary>Nothing to boot was given.</summary>
    public const string NothingToBoot = "HV3002";
    /// <summary>What was asked for cannot be had on this host.</summary>
    public const string Unavailable = "HV3003";
    /// <summary>The host failed.</summary>
    public const string HostFailure = "HV3004";

    /// <summary>No such VM is running, or it has ended.</summary>
    public const string NoSuchMachine = "HV3005";

    /// <summary>The machine has no apt to fetch a guest with.</summary>
    public const string NoApt = "HV4001";
    /// <summary>apt or dpkg failed.</summary>
    public const string FetchFailed = "HV4002";
    /// <summary>A package does not hold what it should.</summary>
    public const string BadPackage = "HV4003";
}
