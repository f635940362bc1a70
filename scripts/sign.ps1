<#
.SYNOPSIS
    Test-signs the driver package: certificate, image, catalog.
.DESCRIPTION
    Signs ferrite.sys, makes ferrite.cat and ferrite-dma.cat from the INFs with Inf2Cat, signs them, and puts the
    certificate's public half beside them as ferrite.cer for install.ps1. The result loads on machines in test-signing mode
    that trust the certificate, and nowhere else.

    Needs Windows 10 or later, and Inf2Cat from the WDK. signtool is used if the SDK is there, and
    PowerShell's own Set-AuthenticodeSignature otherwise.

    UNTRIED: this script has never been run.
.PARAMETER Package
    Folder with ferrite.sys, ferrite.inf and ferrite-dma.inf; "out" in the project by default.
.PARAMETER Subject
    Subject of the certificate. One of that subject in the user's store is used again.
.PARAMETER TimestampServer
    RFC 3161 server. Without one the signature ends with the certificate.
.EXAMPLE
    scripts\sign.ps1
#>
#Requires -Version 5.1
[CmdletBinding()]
param(
    [string] $Package = (Join-Path (Split-Path -Parent $PSScriptRoot) 'out'),
    [string] $Subject = 'CN=Ferrite test signing',
    [string] $TimestampServer
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

# The systems that the catalog names, as Inf2Cat calls them.
$Systems = '7_X64', 'Server2008R2_X64', '8_X64', 'Server8_X64', '6_3_X64', 'Server6_3_X64', '10_X64', 'Server10_X64'

# The newest copy of a tool in the kits, or $null. Inf2Cat exists as x86 only.
function Find-KitTool([string] $Name, [string] $Architecture) {
    $onPath = Get-Command $Name -ErrorAction SilentlyContinue
    if ($onPath) { return $onPath.Source }
    $roots = @($env:WDKContentRoot, "${env:ProgramFiles(x86)}\Windows Kits\10") | Where-Object { $_ }
    foreach ($root in $roots) {
        $found = Get-ChildItem -Path (Join-Path $root 'bin') -Filter $Name -Recurse -ErrorAction SilentlyContinue |
            Where-Object { $_.Directory.Name -eq $Architecture } |
            Sort-Object -Property FullName | Select-Object -Last 1
        if ($found) { return $found.FullName }
    }
    return $null
}

function Invoke-Tool([string] $Tool, [string[]] $Arguments) {
    & $Tool @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "$(Split-Path -Leaf $Tool) failed with exit status $LASTEXITCODE" }
}

function Get-TestCertificate {
    $store = 'Cert:\CurrentUser\My'
    $certificate = Get-ChildItem -Path $store -CodeSigningCert |
        Where-Object { $_.Subject -eq $Subject -and $_.HasPrivateKey -and $_.NotAfter -gt (Get-Date).AddDays(1) } |
        Sort-Object -Property NotAfter | Select-Object -Last 1
    if ($certificate) { return $certificate }
    Write-Host "Making a certificate: $Subject"
    New-SelfSignedCertificate -Type CodeSigningCert -Subject $Subject -CertStoreLocation $store `
        -KeyAlgorithm RSA -KeyLength 3072 -HashAlgorithm SHA256 -NotAfter (Get-Date).AddYears(5)
}

function Add-Signature([string] $File, $Certificate, [string] $SignTool) {
    if ($SignTool) {
        $arguments = @('sign', '/fd', 'SHA256', '/s', 'My', '/sha1', $Certificate.Thumbprint)
        if ($TimestampServer) { $arguments += @('/tr', $TimestampServer, '/td', 'SHA256') }
        Invoke-Tool $SignTool ($arguments + $File)
        return
    }
    $options = @{ FilePath = $File; Certificate = $Certificate; HashAlgorithm = 'SHA256' }
    if ($TimestampServer) { $options.TimestampServer = $TimestampServer }
    $signature = Set-AuthenticodeSignature @options
    # UnknownError here means "signed, but by nobody that this machine trusts", which is as it should be.
    if ($signature.Status -notin 'Valid', 'UnknownError') {
        throw "${File}: $($signature.Status): $($signature.StatusMessage)"
    }
}

$Package = (Resolve-Path -Path $Package).Path
$image, $public = 'ferrite.sys', 'ferrite.cer' | ForEach-Object { Join-Path $Package $_ }
$infs = @('ferrite.inf', 'ferrite-dma.inf' | ForEach-Object { Join-Path $Package $_ })
foreach ($file in @($image) + $infs) {
    if (-not (Test-Path -Path $file)) { throw "$file is missing: build the driver first" }
}
$inf2cat = Find-KitTool 'Inf2Cat.exe' 'x86'
if (-not $inf2cat) { throw 'Inf2Cat.exe is missing: install the Windows Driver Kit' }
$signTool = Find-KitTool 'signtool.exe' 'x64'

$certificate = Get-TestCertificate
Export-Certificate -Cert $certificate -FilePath $public | Out-Null

# The image first: the catalog holds a hash of it.
Add-Signature $image $certificate $signTool

# Inf2Cat takes the whole folder, so each INF gets one with nothing but its package in it.
foreach ($inf in $infs) {
    $name = [IO.Path]::GetFileNameWithoutExtension($inf) + '.cat'
    $stage = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
    New-Item -ItemType Directory -Path $stage | Out-Null
    try {
        Copy-Item -Path $image, $inf -Destination $stage
        Invoke-Tool $inf2cat @("/driver:$stage", "/os:$($Systems -join ',')", '/uselocaltime', '/verbose')
        Copy-Item -Path (Join-Path $stage $name) -Destination $Package -Force
    }
    finally {
        Remove-Item -Path $stage -Recurse -Force
    }
    Add-Signature (Join-Path $Package $name) $certificate $signTool
}

Write-Host "Signed $Package with $($certificate.Thumbprint)"
