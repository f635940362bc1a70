<#
.SYNOPSIS
    Installs the test-signed driver package on this machine, or removes it.
.DESCRIPTION
    Trusts the certificate that sign.ps1 left beside the package, stages the package in the driver store and
    makes it the driver of every 82574L present, whatever driver they had. Runs on Windows 7 SP1 (PowerShell
    2.0) and later, 64-bit, as administrator.

    A driver under test can take the machine down. Use a machine that you can lose.

    UNTRIED: this script has never been run.
.PARAMETER Package
    Folder with ferrite.sys, .inf, .cat and .cer; "out" in the project, or the script's own folder.
.PARAMETER EnableTestSigning
    Turns test-signing mode on, which the machine has to be restarted for, and stops there.
.PARAMETER Uninstall
    Removes the driver and its package; the devices go back to the driver that Windows ranks next.
.EXAMPLE
    scripts\install.ps1 -EnableTestSigning
.EXAMPLE
    scripts\install.ps1
#>
[CmdletBinding()]
param(
    [string] $Package,
    [switch] $EnableTestSigning,
    [switch] $Uninstall
)

# Windows 7 has PowerShell 2.0: no -in, no $PSScriptRoot in scripts, no CIM.
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$HardwareId = 'PCI\VEN_8086&DEV_10D3'
$Provider = 'Ferrite'
$Here = Split-Path -Parent $MyInvocation.MyCommand.Path

function Test-Administrator {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal $identity
    return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Invoke-Tool([string] $Tool, [string[]] $Arguments) {
    & $Tool $Arguments | Out-Host
    # 3010: done, to be finished by a restart.
    if ($LASTEXITCODE -ne 0 -and $LASTEXITCODE -ne 3010) {
        throw "$Tool $Arguments failed with exit status $LASTEXITCODE"
    }
}

function Get-Instances([string] $Class) {
    if (Get-Command Get-CimInstance -ErrorAction SilentlyContinue) { return @(Get-CimInstance -ClassName $Class) }
    return @(Get-WmiObject -Class $Class)
}

function Get-Adapters {
    return @(Get-Instances Win32_PnPEntity | Where-Object { $_.DeviceID -like "$HardwareId*" })
}

# CodeIntegrityOptions of NtQuerySystemInformation would say it exactly; the boot entry is what is set.
function Test-TestSigning {
    $entry = & bcdedit.exe /enum '{current}' | Out-String
    return $entry -match '(?im)^testsigning\s+(yes|ja|oui|s[ií]|sim|1)\s*$'
}

function Find-Package {
    $folders = @($Package)
    if (-not $Package) { $folders = @((Join-Path (Split-Path -Parent $Here) 'out'), $Here) }
    foreach ($folder in $folders) {
        if (Test-Path -Path (Join-Path $folder 'ferrite.inf')) { return (Resolve-Path -Path $folder).Path }
    }
    throw "no ferrite.inf in $($folders -join ' or ')"
}

function Uninstall-Package {
    $drivers = @(Get-Instances Win32_PnPSignedDriver | Where-Object { $_.DriverProviderName -eq $Provider })
    $names = @($drivers | ForEach-Object { $_.InfName } | Sort-Object -Unique)
    if ($names.Count -eq 0) { Write-Host "No device has a driver of $Provider"; return }
    foreach ($name in $names) {
        if ([Environment]::OSVersion.Version.Major -ge 10) {
            Invoke-Tool 'pnputil.exe' @('/delete-driver', $name, '/uninstall', '/force')
        }
        else {
            Invoke-Tool 'pnputil.exe' @('-f', '-d', $name)
        }
    }
    Write-Host 'Removed. Scan for hardware changes, or restart, to give the devices their other driver.'
}

if (-not (Test-Administrator)) { throw 'this needs an elevated PowerShell' }
if ([IntPtr]::Size -ne 8) { throw 'this needs 64-bit Windows and its 64-bit PowerShell' }

if ($EnableTestSigning) {
    if (Get-Command Confirm-SecureBootUEFI -ErrorAction SilentlyContinue) {
        $secure = try { Confirm-SecureBootUEFI } catch { $false }
        if ($secure) { throw 'Secure Boot is on, and does not allow test-signing mode: turn it off in the firmware' }
    }
    Invoke-Tool 'bcdedit.exe' @('/set', 'testsigning', 'on')
    Write-Host 'Test-signing mode is on after a restart. Restart, then run this script again.'
    return
}
if ($Uninstall) { Uninstall-Package; return }

$folder = Find-Package
foreach ($name in 'ferrite.sys', 'ferrite.cat', 'ferrite.cer') {
    if (-not (Test-Path -Path (Join-Path $folder $name))) { throw "$folder has no $name`: run sign.ps1" }
}
if (-not (Test-TestSigning)) {
    Write-Warning 'Test-signing mode seems to be off: the driver will not load (run this with -EnableTestSigning).'
}
if (@(Get-Adapters).Count -eq 0) { Write-Warning "No device $HardwareId is present; the package is only staged." }

# The root store for the chain, the publishers' store so that nobody is asked.
$certificate = Join-Path $folder 'ferrite.cer'
foreach ($store in 'Root', 'TrustedPublisher') { Invoke-Tool 'certutil.exe' @('-f', '-addstore', $store, $certificate) }

$inf = Join-Path $folder 'ferrite.inf'
if ([Environment]::OSVersion.Version.Major -ge 10) {
    Invoke-Tool 'pnputil.exe' @('/add-driver', $inf)
}
else {
    Invoke-Tool 'pnputil.exe' @('-a', $inf)
}

if (@(Get-Adapters).Count -gt 0) {
    # Left alone, Windows keeps a driver that it ranks higher; INSTALLFLAG_FORCE (1) overrules the rank.
    Add-Type -Namespace Ferrite -Name Setup -MemberDefinition @'
[DllImport("newdev.dll", CharSet = CharSet.Unicode, SetLastError = true)]
[return: MarshalAs(UnmanagedType.Bool)]
public static extern bool UpdateDriverForPlugAndPlayDevicesW(
    IntPtr parent, string hardwareId, string infPath, uint flags,
    [MarshalAs(UnmanagedType.Bool)] out bool restart);
'@
    $restart = $false
    $done = [Ferrite.Setup]::UpdateDriverForPlugAndPlayDevicesW([IntPtr]::Zero, $HardwareId, $inf, 1, [ref] $restart)
    if (-not $done) {
        $code = [Runtime.InteropServices.Marshal]::GetLastWin32Error()
        throw ('the driver was not installed: error 0x{0:X8}; see %SystemRoot%\inf\setupapi.dev.log' -f $code)
    }
    if ($restart) { Write-Warning 'Windows asks for a restart to finish.' }
    Get-Adapters | ForEach-Object { Write-Host ('{0}: {1} (status {2})' -f $_.DeviceID, $_.Name, $_.Status) }
}
